"""Give openings, penalties and write-offs columns of their own in the turnovers; openings were told as payments."""

import django.db.models.expressions
from django.db import migrations, models


OPENINGS = """
UPDATE ledger_turnover t SET opening_minor = o.amount, paid_minor = t.paid_minor - o.amount
FROM (SELECT slot, account_id, sum(amount_minor) AS amount FROM ledger_entry WHERE kind = 1 GROUP BY slot, account_id) o
WHERE t.slot = o.slot AND t.account_id = o.account_id
"""
BACK = "UPDATE ledger_turnover SET paid_minor = paid_minor + opening_minor WHERE opening_minor <> 0"


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0005_subsidy_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='turnover',
            name='opening_minor',
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AddField(
            model_name='turnover',
            name='penalty_minor',
            field=models.BigIntegerField(db_default=0, help_text='penalties and court costs'),
        ),
        migrations.AddField(
            model_name='turnover',
            name='written_off_minor',
            field=models.BigIntegerField(db_default=0),
        ),
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.PositiveSmallIntegerField(choices=[(1, 'opening balance'), (2, 'charge'), (3, 'recalculation'), (4, 'reversal'), (5, 'payment'), (6, 'subsidy'), (7, 'penalty'), (8, 'court costs'), (9, 'written off'), (10, 'refund'), (11, 'transfer')]),
        ),
        migrations.AlterField(
            model_name='turnover',
            name='charged_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='turnover',
            name='paid_minor',
            field=models.BigIntegerField(db_default=0, default=0, help_text='payments, subsidies, refunds, transfers'),
        ),
        migrations.AlterField(
            model_name='turnover',
            name='recalculated_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.RunSQL(OPENINGS, BACK),
        migrations.AddField(
            model_name='turnover',
            name='balance_minor',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('opening_minor'), '+', models.F('charged_minor')), '+', models.F('recalculated_minor')), '+', models.F('penalty_minor')), '+', models.F('paid_minor')), '+', models.F('written_off_minor')), output_field=models.BigIntegerField()),
        ),
    ]
