"""Runs are counted in shards and keep what they change by account; debtors have a due day and a switch for moratoria."""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

ACCOUNTS = """
DROP TABLE penalties_penaltyaccount;
CREATE TABLE penalties_penaltyaccount (
    run_id bigint NOT NULL,
    account_id bigint NOT NULL,
    branch_id bigint NOT NULL,
    debtor smallint NOT NULL,
    debts integer NOT NULL,
    asked_minor bigint NOT NULL,
    posted_minor bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor = asked_minor - posted_minor),
    PRIMARY KEY (run_id, account_id)
) PARTITION BY LIST (run_id);
CREATE INDEX penalty_account_amount ON penalties_penaltyaccount (amount_minor, account_id);
"""
DEBTORS = [
    (1, "household"),
    (2, "consumer of electricity"),
    (3, "condominium or cooperative (ТСЖ, ЖСК)"),
    (4, "managing organisation, supplier of heat or water"),
    (5, "buyer of transmission"),
]


def row_of_a_run(to: str, name: str) -> tuple[str, models.ForeignKey]:
    return name, models.ForeignKey(
        db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to
    )


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0004_events"),
        ("parties", "0001_initial"),
        ("penalties", "0002_lines_by_run"),
    ]
    operations = [
        migrations.AddField(
            "debtorterms",
            "due_day",
            models.PositiveSmallIntegerField(help_text="day of the next month; none: as households pay", null=True),
        ),
        migrations.AddField(
            "debtorterms", "made_at", models.DateTimeField(default=timezone.now), preserve_default=False
        ),
        migrations.AddField("debtorterms", "made_by_id", models.BigIntegerField(null=True)),
        migrations.AddField(
            "debtorterms", "moratoria", models.BooleanField(default=True, help_text="moratoria spare the account")
        ),
        migrations.AddConstraint(
            "debtorterms",
            models.CheckConstraint(
                condition=models.Q(due_day=None) | models.Q(due_day__range=(1, 28)), name="debtor_terms_due_day"
            ),
        ),
        migrations.AddField("penaltyrun", "parameter_hash", models.CharField(blank=True, max_length=64)),
        migrations.CreateModel(
            "PenaltyShard",
            [
                ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")),
                ("shard_no", models.IntegerField()),
                ("first_account_id", models.BigIntegerField()),
                ("last_account_id", models.BigIntegerField()),
                ("accounts", models.BigIntegerField()),
                ("done", models.BooleanField(default=False)),
                ("batch_id", models.BigIntegerField(null=True)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shards",
                        to="penalties.penaltyrun",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["run", "shard_no"], name="penalty_shard_no")]
            },
        ),
        migrations.CreateModel(
            "PenaltyAccount",
            [
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id", "account_id", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("debtor", models.PositiveSmallIntegerField(choices=DEBTORS)),
                ("debts", models.IntegerField()),
                ("asked_minor", models.BigIntegerField(help_text="up to the last day of the run")),
                ("posted_minor", models.BigIntegerField(help_text="by runs before")),
                ("amount_minor", models.BigIntegerField()),
                row_of_a_run("contracts.account", "account"),
                row_of_a_run("parties.branch", "branch"),
                row_of_a_run("penalties.penaltyrun", "run"),
            ],
        ),
        migrations.RunSQL(ACCOUNTS, migrations.RunSQL.noop),
    ]
