import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('charging', '0004_shards_of_period'),
        ('contracts', '0002_bands_shares_benefits'),
        ('parties', '0001_initial'),
        ('places', '0002_building_terms'),
    ]

    operations = [
        migrations.AddField(
            model_name='bill',
            name='final',
            field=models.BooleanField(default=False, help_text='of an account that was closed in the period'),
        ),
        migrations.AddField(
            model_name='buildingbalance',
            name='carried_in_wh',
            field=models.BigIntegerField(default=0, help_text="the executor's deficit of the months before"),
        ),
        migrations.AddField(
            model_name='buildingbalance',
            name='carried_wh',
            field=models.BigIntegerField(default=0, help_text='its deficit for the months to come (ПП РФ 124)'),
        ),
        migrations.AddField(
            model_name='buildingbalance',
            name='true_up_wh',
            field=models.BigIntegerField(default=0, help_text="what last year's charges lacked or exceeded"),
        ),
        migrations.AddField(
            model_name='runshard',
            name='listed',
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name='run',
            name='kind',
            field=models.PositiveSmallIntegerField(choices=[(1, 'billing'), (2, 'correction'), (3, 'reversal'), (4, 'recalculation'), (5, 'manual recalculation')], default=1),
        ),
        migrations.CreateModel(
            name='BenefitRegistry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.DateField()),
                ('made_at', models.DateTimeField()),
                ('made_by_id', models.BigIntegerField(null=True)),
                ('rows', models.BigIntegerField(default=0)),
                ('amount_minor', models.BigIntegerField(default=0)),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.supplier')),
            ],
            options={
                'verbose_name_plural': 'benefit registries',
            },
        ),
        migrations.CreateModel(
            name='Compensation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.DateField(help_text="the month it belongs to, which may be before the registry's")),
                ('usage_wh', models.BigIntegerField()),
                ('residents', models.PositiveSmallIntegerField()),
                ('within_norm_wh', models.BigIntegerField()),
                ('due_minor', models.BigIntegerField()),
                ('amount_minor', models.BigIntegerField(help_text='due now less what was reported before')),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contracts.account')),
                ('holder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='compensations', to='contracts.benefitholder')),
                ('registry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='compensations', to='charging.benefitregistry')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('registry', 'holder', 'period'), name='compensation_unique')],
            },
        ),
        migrations.CreateModel(
            name='ManualRecalculation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.DateField()),
                ('service', models.PositiveSmallIntegerField(default=1)),
                ('quantity_wh', models.BigIntegerField(default=0)),
                ('amount_minor', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('document', models.CharField(max_length=200)),
                ('state', models.PositiveSmallIntegerField(choices=[(1, 'proposed'), (2, 'posted'), (3, 'refused'), (4, 'reversed')], default=1)),
                ('created_at', models.DateTimeField()),
                ('created_by_id', models.BigIntegerField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by_id', models.BigIntegerField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='manual_recalculations', to='contracts.account')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='manual_recalculations', to='charging.run')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount_minor', 0), _negated=True), name='manual_recalculation_not_zero')],
            },
        ),
        migrations.CreateModel(
            name='Recalculation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period', models.DateField()),
                ('cause', models.PositiveSmallIntegerField(choices=[(1, 'a reading after months by estimate'), (2, 'a reading entered, corrected or annulled'), (3, 'a meter admitted, replaced or removed'), (4, 'residents'), (5, 'areas of the premise or the building'), (6, 'tariff group'), (7, 'price'), (8, 'temporary absence'), (9, 'refused access, tampering, unauthorised connection'), (10, 'services and shares of the account'), (11, 'common needs of the building'), (12, 'asked for by a person')])),
                ('note', models.CharField(blank=True, max_length=200)),
                ('noted_at', models.DateTimeField()),
                ('noted_by_id', models.BigIntegerField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('building', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='places.building')),
                ('premise', models.ForeignKey(help_text='null: the building', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recalculations', to='places.premise')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recalculations', to='charging.run')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('settled_at__isnull', True)), fields=('building', 'premise', 'period', 'cause'), name='recalculation_waits_once', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('period__day', 1)), name='recalculation_first_day')],
            },
        ),
    ]
