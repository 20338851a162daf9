"""Let the key of turnovers begin with the account: it then serves as the index on accounts too."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("ledger", "0002_partitions_by_slot")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE ledger_turnover DROP CONSTRAINT ledger_turnover_pkey, "
                    "ADD CONSTRAINT ledger_turnover_pkey PRIMARY KEY (account_id, slot); "
                    "DROP INDEX turnover_account;",
                    "CREATE INDEX turnover_account ON ledger_turnover (account_id); "
                    "ALTER TABLE ledger_turnover DROP CONSTRAINT ledger_turnover_pkey, "
                    "ADD CONSTRAINT ledger_turnover_pkey PRIMARY KEY (slot, account_id);",
                )
            ],
            state_operations=[migrations.RemoveIndex(model_name="turnover", name="turnover_account")],
        )
    ]
