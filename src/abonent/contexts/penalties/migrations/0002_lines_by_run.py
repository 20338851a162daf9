"""Partition the lines of penalties by run: a run brings a partition of its own, and takes it along when discarded."""

from django.db import migrations

PARTITION = """
DROP TABLE penalties_penaltyline;
CREATE TABLE penalties_penaltyline (
    run_id bigint NOT NULL,
    line_no integer NOT NULL,
    account_id bigint NOT NULL,
    service smallint NOT NULL,
    period date NOT NULL,
    due_on date NOT NULL,
    begins_on date NOT NULL,
    ends_on date NOT NULL CHECK (ends_on > begins_on),
    base_minor bigint NOT NULL,
    rate_e2 integer NOT NULL,
    divisor smallint NOT NULL,
    suspended boolean NOT NULL DEFAULT false,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (run_id, line_no)
) PARTITION BY LIST (run_id);
CREATE INDEX penalty_line_account ON penalties_penaltyline (account_id);
"""


class Migration(migrations.Migration):
    dependencies = [("penalties", "0001_initial")]
    operations = [migrations.RunSQL(PARTITION, migrations.RunSQL.noop)]
