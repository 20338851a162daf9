"""Partition entries and turnovers by slot; refuse any change of an entry.

Not reversible with data in it: the reverse only lifts the refusal, partitioned tables read the same.
"""

from django.db import migrations

PARTITION = """
ALTER TABLE ledger_entry RENAME TO ledger_entry_plain;
CREATE TABLE ledger_entry
    (LIKE ledger_entry_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY LIST (slot);
DROP TABLE ledger_entry_plain;
ALTER TABLE ledger_entry ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (slot, batch_id, entry_no);
CREATE INDEX entry_account ON ledger_entry (account_id);

ALTER TABLE ledger_turnover RENAME TO ledger_turnover_plain;
CREATE TABLE ledger_turnover
    (LIKE ledger_turnover_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY LIST (slot);
DROP TABLE ledger_turnover_plain;
ALTER TABLE ledger_turnover ADD CONSTRAINT ledger_turnover_pkey PRIMARY KEY (slot, account_id);
CREATE INDEX turnover_account ON ledger_turnover (account_id);

CREATE FUNCTION ledger_entry_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a ledger entry is never changed or deleted: post a correcting one'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER entry_is_immutable BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_entry_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [
        migrations.RunSQL(
            PARTITION,
            "DROP TRIGGER entry_is_immutable ON ledger_entry; DROP FUNCTION ledger_entry_is_immutable();",
        )
    ]
