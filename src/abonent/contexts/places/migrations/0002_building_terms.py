import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='BuildingTerms',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('during', django.contrib.postgres.fields.ranges.DateRangeField()),
                ('premises_area_dm2', models.BigIntegerField(default=0)),
                ('common_area_dm2', models.BigIntegerField(default=0)),
                ('common_norm_category', models.PositiveSmallIntegerField(default=1)),
                ('common_needs', models.PositiveSmallIntegerField(choices=[(0, 'no common needs'), (1, 'consumers, as a communal service'), (2, 'the executor, under its own contract'), (3, 'consumers, within the housing service')], default=1)),
                ('common_basis', models.PositiveSmallIntegerField(choices=[(1, 'by the building meter'), (2, 'by the norm, trued up once a year'), (3, "by last year's average, trued up once a year")], default=1)),
                ('excess_to_consumers', models.BooleanField(default=False, help_text="the owners' meeting decided to share out what exceeds the norm (п. 44)")),
                ('decision', models.CharField(blank=True, help_text="the minutes of the owners' meeting it rests on", max_length=200)),
            ],
            options={
                'verbose_name_plural': 'building terms',
            },
        ),
        migrations.AddField(
            model_name='building',
            name='built_in',
            field=models.PositiveSmallIntegerField(help_text='the year', null=True),
        ),
        migrations.AddField(
            model_name='building',
            name='closed_on',
            field=models.DateField(help_text='the first day it is no longer served', null=True),
        ),
        migrations.AddField(
            model_name='building',
            name='entrances',
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name='building',
            name='opened_on',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='building',
            name='stove',
            field=models.PositiveSmallIntegerField(choices=[(1, 'gas'), (2, 'electric')], default=1),
        ),
        migrations.AddField(
            model_name='premise',
            name='parent',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='places.premise'),
        ),
        migrations.AlterField(
            model_name='premise',
            name='kind',
            field=models.PositiveSmallIntegerField(choices=[(1, 'living'), (2, 'non-living'), (3, 'common property'), (4, 'in-house heating equipment'), (5, 'section of a communal apartment'), (6, 'room of a communal apartment')], default=1),
        ),
        migrations.AddConstraint(
            model_name='premise',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', [5, 6]), ('parent__isnull', False)), models.Q(models.Q(('kind__in', [5, 6]), _negated=True), ('parent__isnull', True)), _connector='OR'), name='premise_part_has_parent'),
        ),
        migrations.AddField(
            model_name='buildingterms',
            name='building',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='terms', to='places.building'),
        ),
        migrations.AddConstraint(
            model_name='buildingterms',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('building', '='), ('during', '&&')], name='building_terms_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='buildingterms',
            constraint=models.CheckConstraint(condition=models.Q(('common_area_dm2__gte', 0), ('premises_area_dm2__gte', 0)), name='building_areas_not_negative'),
        ),
        migrations.RunSQL(
            """INSERT INTO places_buildingterms (building_id, during, premises_area_dm2, common_area_dm2,
                   common_norm_category, common_needs, common_basis, excess_to_consumers, decision)
               SELECT id, daterange('2000-01-01', NULL), premises_area_dm2, common_area_dm2,
                   common_norm_category, common_needs, 1, excess_to_consumers, ''
               FROM places_building WHERE kind = 1""",
            """UPDATE places_building b SET premises_area_dm2 = t.premises_area_dm2,
                   common_area_dm2 = t.common_area_dm2, common_norm_category = t.common_norm_category,
                   common_needs = t.common_needs, excess_to_consumers = t.excess_to_consumers
               FROM places_buildingterms t WHERE t.building_id = b.id AND upper_inf(t.during)""",
        ),
    ]
