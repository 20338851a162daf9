"""Django apps, leaning one way: charging, ledger, contracts, metering, places, parties, access."""
