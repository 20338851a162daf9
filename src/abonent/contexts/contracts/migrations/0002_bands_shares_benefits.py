import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('contracts', '0001_initial'),
        ('parties', '0001_initial'),
        ('places', '0002_building_terms'),
    ]

    operations = [
        migrations.CreateModel(
            name='Absence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('people', models.PositiveSmallIntegerField(default=1)),
                ('left_on', models.DateField()),
                ('returned_on', models.DateField()),
                ('applied_on', models.DateField()),
                ('document', models.CharField(help_text='what confirms it (п. 93): kind, number, date', max_length=200)),
                ('state', models.PositiveSmallIntegerField(choices=[(1, 'applied for'), (2, 'approved'), (3, 'refused'), (4, 'withdrawn')], default=1)),
                ('decided_on', models.DateField(null=True)),
                ('decided_by_id', models.BigIntegerField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField()),
                ('author_id', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='BenefitCategory',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=30, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('percent', models.PositiveSmallIntegerField()),
                ('within_norm', models.BooleanField(default=True, help_text='only what lies within the social norm')),
                ('covers_family', models.BooleanField(default=False, help_text="the holder's family is compensated as well")),
                ('act', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'verbose_name_plural': 'benefit categories',
            },
        ),
        migrations.CreateModel(
            name='BenefitHolder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('document', models.CharField(max_length=200)),
                ('people', models.PositiveSmallIntegerField(default=1, help_text='the holder and the family covered')),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
            ],
        ),
        migrations.CreateModel(
            name='Resident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('kind', models.PositiveSmallIntegerField(choices=[(1, 'registered'), (2, 'staying for a time')], default=1)),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('document', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='UnauthorisedUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('power_w', models.BigIntegerField()),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('act_id', models.BigIntegerField(null=True)),
                ('annulled_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='price',
            name='price_one_at_a_time',
        ),
        migrations.AddField(
            model_name='accountservice',
            name='share_denominator',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='accountservice',
            name='share_numerator',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='premiseterms',
            name='agreed_wh_per_month',
            field=models.BigIntegerField(default=0, help_text='what a non-living premise without a meter is taken to use (п. 43)'),
        ),
        migrations.AddField(
            model_name='premiseterms',
            name='room_meters_agreed',
            field=models.BooleanField(default=False, help_text='all rooms agreed to be billed by the meters some of them have (п. 50)'),
        ),
        migrations.AddField(
            model_name='price',
            name='band',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='tariffgroup',
            name='band_category',
            field=models.PositiveSmallIntegerField(default=1, help_text='row of the table of ranges: the kind of dwelling'),
        ),
        migrations.AddField(
            model_name='tariffgroup',
            name='banding',
            field=models.PositiveSmallIntegerField(choices=[(0, 'one price'), (1, 'ranges of consumption'), (2, 'social norm')], default=0),
        ),
        migrations.AlterField(
            model_name='premiseterms',
            name='uplift_cause',
            field=models.PositiveSmallIntegerField(choices=[(0, 'none'), (1, 'no meter though one can be fitted'), (2, 'access to the meter refused twice'), (3, 'tampering with the meter'), (4, 'unauthorised connection of unknown power')], default=0),
        ),
        migrations.AddConstraint(
            model_name='accountservice',
            constraint=models.CheckConstraint(condition=models.Q(('share_numerator__gte', 1), ('share_denominator__gte', models.F('share_numerator'))), name='account_service_share_sane'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('supplier', '='), ('tariff_group', '='), ('zone', '='), ('band', '='), ('during', '&&')], name='price_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='price',
            constraint=models.CheckConstraint(condition=models.Q(('band__range', (1, 3))), name='price_band_known'),
        ),
        migrations.AddField(
            model_name='absence',
            name='building',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='places.building'),
        ),
        migrations.AddField(
            model_name='absence',
            name='premise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='absences', to='places.premise'),
        ),
        migrations.AddConstraint(
            model_name='benefitcategory',
            constraint=models.CheckConstraint(condition=models.Q(('percent__range', (1, 100))), name='benefit_percent_sane'),
        ),
        migrations.AddField(
            model_name='benefitholder',
            name='account',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='benefit_holders', to='contracts.account'),
        ),
        migrations.AddField(
            model_name='benefitholder',
            name='building',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='places.building'),
        ),
        migrations.AddField(
            model_name='benefitholder',
            name='category',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='contracts.benefitcategory'),
        ),
        migrations.AddField(
            model_name='resident',
            name='building',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='places.building'),
        ),
        migrations.AddField(
            model_name='resident',
            name='premise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='residents', to='places.premise'),
        ),
        migrations.AddField(
            model_name='unauthoriseduse',
            name='building',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='places.building'),
        ),
        migrations.AddField(
            model_name='unauthoriseduse',
            name='premise',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unauthorised_uses', to='places.premise'),
        ),
        migrations.AddConstraint(
            model_name='absence',
            constraint=models.CheckConstraint(condition=models.Q(('people__gte', 1), ('returned_on__gt', models.F('left_on'))), name='absence_sane'),
        ),
        migrations.AddConstraint(
            model_name='benefitholder',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('account', '='), ('category', '='), ('name', '='), ('during', '&&')], name='benefit_holder_once_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='benefitholder',
            constraint=models.CheckConstraint(condition=models.Q(('people__gte', 1)), name='benefit_people_positive'),
        ),
        migrations.AddConstraint(
            model_name='unauthoriseduse',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('annulled_at__isnull', True)), expressions=[('premise', '='), ('during', '&&')], name='unauthorised_use_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='unauthoriseduse',
            constraint=models.CheckConstraint(condition=models.Q(('power_w__gt', 0)), name='unauthorised_power_positive'),
        ),
    ]
