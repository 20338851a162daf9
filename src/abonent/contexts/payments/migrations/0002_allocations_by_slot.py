"""Partition allocations by slot; refuse any change of one."""

from django.db import migrations

PARTITION = """
DROP TABLE payments_allocation;
CREATE TABLE payments_allocation (
    slot integer NOT NULL,
    settlement_id bigint NOT NULL,
    line_no integer NOT NULL,
    account_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    period date NOT NULL,
    service smallint NOT NULL,
    debt smallint NOT NULL CHECK (debt BETWEEN 1 AND 3),
    booked_on date NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    PRIMARY KEY (slot, settlement_id, line_no)
) PARTITION BY LIST (slot);
CREATE INDEX allocation_account ON payments_allocation (account_id);

CREATE FUNCTION payments_allocation_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an allocation is never changed or deleted: add one that takes it back'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER allocation_is_immutable BEFORE UPDATE OR DELETE ON payments_allocation
    FOR EACH ROW EXECUTE FUNCTION payments_allocation_is_immutable();
"""
PLAIN = """
DROP TRIGGER allocation_is_immutable ON payments_allocation;
DROP FUNCTION payments_allocation_is_immutable();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]
    operations = [migrations.RunSQL(PARTITION, PLAIN)]
