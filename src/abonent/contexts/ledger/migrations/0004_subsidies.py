from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0003_turnover_key_by_account'),
    ]

    operations = [
        migrations.AlterField(
            model_name='entry',
            name='kind',
            field=models.PositiveSmallIntegerField(choices=[(1, 'opening balance'), (2, 'charge'), (3, 'recalculation'), (4, 'reversal'), (5, 'payment'), (6, 'subsidy')]),
        ),
    ]
