"""Settings, addresses and the wiring of packs and gateways."""
