import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0003_reading_judged_at'),
        ('places', '0002_building_terms'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReadingFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('size_bytes', models.BigIntegerField()),
                ('state', models.PositiveSmallIntegerField(choices=[(1, 'waiting'), (2, 'being read'), (3, 'stored'), (4, 'failed')], default=1)),
                ('rows', models.BigIntegerField(default=0)),
                ('rows_done', models.BigIntegerField(default=0)),
                ('accepted', models.BigIntegerField(default=0)),
                ('doubtful', models.BigIntegerField(default=0)),
                ('rejected', models.BigIntegerField(default=0)),
                ('known', models.BigIntegerField(default=0, help_text='rows that say what was known already')),
                ('created_at', models.DateTimeField()),
                ('created_by_id', models.BigIntegerField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('error', models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name='ReadingSender',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('source', models.PositiveSmallIntegerField(choices=[(1, 'subscriber'), (2, 'inspector'), (3, 'executor'), (4, 'remote reading'), (5, 'import'), (6, 'estimate'), (7, 'installation'), (8, 'removal'), (9, 'handover between accounts')], default=5)),
                ('columns', models.JSONField(default=dict, help_text='our field → header or position in their file')),
                ('day_first', models.BooleanField(default=True)),
            ],
        ),
        migrations.AddField(
            model_name='reading',
            name='file_id',
            field=models.BigIntegerField(help_text='the file of readings it came in', null=True),
        ),
        migrations.AlterField(
            model_name='reading',
            name='source',
            field=models.PositiveSmallIntegerField(choices=[(1, 'subscriber'), (2, 'inspector'), (3, 'executor'), (4, 'remote reading'), (5, 'import'), (6, 'estimate'), (7, 'installation'), (8, 'removal'), (9, 'handover between accounts')]),
        ),
        migrations.CreateModel(
            name='Act',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.PositiveSmallIntegerField(choices=[(1, 'admission of a meter'), (2, 'replacement of a meter'), (3, 'removal of a meter'), (4, 'check of a meter'), (5, 'refused access to a meter'), (6, 'tampering with a meter'), (7, 'unauthorised connection'), (8, 'seals'), (9, 'verification of a meter')])),
                ('number', models.CharField(max_length=30)),
                ('drawn_on', models.DateField()),
                ('inspector', models.CharField(blank=True, max_length=200)),
                ('present', models.CharField(blank=True, help_text='the consumer or the witnesses', max_length=200)),
                ('note', models.TextField(blank=True)),
                ('facts', models.JSONField(default=dict, help_text='readings, seals, power, dates: what the form prints')),
                ('created_at', models.DateTimeField()),
                ('author_id', models.BigIntegerField(null=True)),
                ('annulled_at', models.DateTimeField(null=True)),
                ('annulled_because', models.CharField(blank=True, max_length=200)),
                ('building', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='places.building')),
                ('meter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='metering.meter')),
                ('new_meter', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.meter')),
                ('premise', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='acts', to='places.premise')),
            ],
        ),
        migrations.CreateModel(
            name='ReadingFileRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row_no', models.IntegerField(help_text='as the sender sees it, the header being row 1')),
                ('status', models.PositiveSmallIntegerField(choices=[(1, 'accepted'), (2, 'doubtful'), (3, 'rejected'), (4, 'annulled')])),
                ('reasons', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
                ('said', models.JSONField(default=dict, help_text="the row's cells by our field names, as they came")),
                ('building_id', models.BigIntegerField(null=True)),
                ('taken_on', models.DateField(null=True)),
                ('value_wh', models.BigIntegerField(null=True)),
                ('previous_on', models.DateField(null=True)),
                ('previous_wh', models.BigIntegerField(null=True)),
                ('average_wh', models.BigIntegerField(help_text="of a month, by the account's own history", null=True)),
                ('decision', models.PositiveSmallIntegerField(choices=[(0, 'waiting'), (1, 'accepted'), (2, 'refused')], default=0)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by_id', models.BigIntegerField(null=True)),
                ('reading_id', models.BigIntegerField(null=True)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='held_rows', to='metering.readingfile')),
                ('installation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='metering.installation')),
            ],
        ),
        migrations.AddField(
            model_name='readingfile',
            name='sender',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='metering.readingsender'),
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=30)),
                ('place', models.CharField(help_text='terminal cover, case, breaker box', max_length=60)),
                ('state', models.PositiveSmallIntegerField(choices=[(1, 'intact'), (2, 'removed'), (3, 'broken')], default=1)),
                ('set_on', models.DateField()),
                ('removed_on', models.DateField(null=True)),
                ('meter', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seals', to='metering.meter')),
                ('removed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='seals_removed', to='metering.act')),
                ('set_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='seals_set', to='metering.act')),
            ],
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(fields=['drawn_on'], name='act_drawn_on'),
        ),
        migrations.AddConstraint(
            model_name='act',
            constraint=models.UniqueConstraint(fields=('number', 'kind'), name='act_number_unique'),
        ),
        migrations.AddIndex(
            model_name='readingfilerow',
            index=models.Index(fields=['decision', 'status'], name='reading_file_row_waiting'),
        ),
        migrations.AddConstraint(
            model_name='readingfilerow',
            constraint=models.UniqueConstraint(fields=('file', 'row_no'), name='reading_file_row_unique'),
        ),
        migrations.AddConstraint(
            model_name='seal',
            constraint=models.UniqueConstraint(fields=('number',), name='seal_number_unique'),
        ),
    ]
