"""Partition charge lines by slot; refuse any change of a posted line.

Not reversible with data in it: the reverse only lifts the refusal, partitioned tables read the same.
"""

from django.db import migrations

PARTITION = """
ALTER TABLE charging_chargeline RENAME TO charging_chargeline_plain;
CREATE TABLE charging_chargeline
    (LIKE charging_chargeline_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY LIST (slot);
DROP TABLE charging_chargeline_plain;
ALTER TABLE charging_chargeline ADD CONSTRAINT charging_chargeline_pkey PRIMARY KEY (slot, batch_id, line_no);
CREATE INDEX charge_line_account ON charging_chargeline (account_id);

CREATE FUNCTION charging_line_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a posted charge line is never changed or deleted: reverse it and post anew'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER line_is_immutable BEFORE UPDATE OR DELETE ON charging_chargeline
    FOR EACH ROW EXECUTE FUNCTION charging_line_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("charging", "0001_initial")]
    operations = [
        migrations.RunSQL(
            PARTITION,
            "DROP TRIGGER line_is_immutable ON charging_chargeline; DROP FUNCTION charging_line_is_immutable();",
        )
    ]
