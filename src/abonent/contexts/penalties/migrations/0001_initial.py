import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contracts', '0004_events'),
        ('parties', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PenaltyExclusion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('cause', models.PositiveSmallIntegerField(choices=[(1, 'dispute'), (2, 'court'), (3, 'bankruptcy'), (4, 'agreement on instalments'), (5, 'other')])),
                ('document', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField()),
                ('made_by_id', models.BigIntegerField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('cancelled_by_id', models.BigIntegerField(null=True)),
                ('cancel_reason', models.CharField(blank=True, max_length=200)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='penalty_exclusions', to='contracts.account')),
            ],
        ),
        migrations.CreateModel(
            name='PenaltyRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('booked_period', models.DateField()),
                ('until', models.DateField(help_text='the last day that counts')),
                ('state', models.PositiveSmallIntegerField(choices=[(1, 'waiting'), (2, 'being calculated'), (3, 'ready for approval'), (4, 'posted'), (5, 'discarded'), (6, 'reversed'), (7, 'failed')], default=1)),
                ('slot', models.IntegerField(null=True)),
                ('accounts', models.BigIntegerField(default=0)),
                ('accounts_total', models.BigIntegerField(default=0)),
                ('debts', models.BigIntegerField(default=0)),
                ('lines', models.BigIntegerField(default=0)),
                ('amount_minor', models.BigIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('created_at', models.DateTimeField()),
                ('created_by_id', models.BigIntegerField(null=True)),
                ('counted_at', models.DateTimeField(null=True)),
                ('approved_by_id', models.BigIntegerField(null=True)),
                ('posted_at', models.DateTimeField(null=True)),
                ('reversed_by_id', models.BigIntegerField(null=True)),
                ('reversed_at', models.DateTimeField(null=True)),
                ('reason', models.CharField(blank=True, help_text='why it was reversed', max_length=200)),
                ('branch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.branch')),
                ('supplier', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.supplier')),
            ],
        ),
        migrations.CreateModel(
            name='PenaltyLine',
            fields=[
                ('pk', models.CompositePrimaryKey('run_id', 'line_no', blank=True, editable=False, primary_key=True, serialize=False)),
                ('line_no', models.IntegerField()),
                ('account_id', models.BigIntegerField()),
                ('service', models.PositiveSmallIntegerField()),
                ('period', models.DateField()),
                ('due_on', models.DateField()),
                ('begins_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('base_minor', models.BigIntegerField()),
                ('rate_e2', models.IntegerField(help_text='hundredths of a percent a year')),
                ('divisor', models.SmallIntegerField(help_text='each day costs 1/divisor of the rate; 0: nothing')),
                ('suspended', models.BooleanField(default=False)),
                ('amount_minor', models.BigIntegerField()),
                ('run', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='penalties.penaltyrun')),
            ],
        ),
        migrations.CreateModel(
            name='DebtorTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('debtor', models.PositiveSmallIntegerField(choices=[(1, 'household'), (2, 'consumer of electricity'), (3, 'condominium or cooperative (ТСЖ, ЖСК)'), (4, 'managing organisation, supplier of heat or water'), (5, 'buyer of transmission')])),
                ('source', models.CharField(help_text='contract or decision', max_length=200)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='debtor_terms', to='contracts.account')),
            ],
            options={
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('account', '='), ('during', '&&')], name='debtor_terms_one_at_a_time')],
            },
        ),
        migrations.AddConstraint(
            model_name='penaltyrun',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', [1, 2, 3])), fields=('supplier',), name='penalty_run_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='penaltyline',
            index=models.Index(fields=['account_id'], name='penalty_line_account'),
        ),
    ]
