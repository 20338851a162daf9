"""Partition readings by the month they were taken in, and let only status and reason change.

Not reversible with data in it: the reverse keeps the table as it is, partitioned tables read the same.
"""

from django.db import migrations

PARTITION = """
ALTER TABLE metering_reading RENAME TO metering_reading_plain;
CREATE TABLE metering_reading
    (LIKE metering_reading_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (taken_on);
DROP TABLE metering_reading_plain;
ALTER TABLE metering_reading ADD CONSTRAINT metering_reading_pkey PRIMARY KEY (id, taken_on);
CREATE UNIQUE INDEX reading_one_accepted_a_day ON metering_reading (installation_id, taken_on) WHERE status = 1;
CREATE INDEX reading_building ON metering_reading (building_id);
CREATE INDEX reading_history ON metering_reading (installation_id, taken_on DESC);
CREATE TABLE metering_reading_other PARTITION OF metering_reading DEFAULT;

CREATE FUNCTION metering_reading_is_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.id, NEW.installation_id, NEW.taken_on, NEW.value_wh, NEW.source)
        IS DISTINCT FROM (OLD.id, OLD.installation_id, OLD.taken_on, OLD.value_wh, OLD.source) THEN
        RAISE EXCEPTION 'a reading is never changed or deleted: annul it and take another'
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reading_is_history BEFORE UPDATE OR DELETE ON metering_reading
    FOR EACH ROW EXECUTE FUNCTION metering_reading_is_history();
"""


class Migration(migrations.Migration):
    dependencies = [("metering", "0001_initial")]
    operations = [
        migrations.RunSQL(
            PARTITION,
            "DROP TRIGGER reading_is_history ON metering_reading; DROP FUNCTION metering_reading_is_history();",
        )
    ]
