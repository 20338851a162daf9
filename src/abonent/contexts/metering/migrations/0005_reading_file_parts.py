from django.db import migrations, models

SOURCES = [(1, 'subscriber'), (2, 'inspector'), (3, 'executor'), (4, 'remote reading'), (5, 'import'), (6, 'estimate'), (7, 'installation'), (8, 'removal'), (9, 'handover between accounts')]


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0004_acts_seals_files'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='readingfilerow',
            name='reading_file_row_unique',
        ),
        migrations.AddField(
            model_name='readingfilerow',
            name='part',
            field=models.PositiveSmallIntegerField(default=0, help_text='the column T1, T2 or T3 it stood in'),
        ),
        migrations.AddField(
            model_name='readingfilerow',
            name='source',
            field=models.PositiveSmallIntegerField(choices=SOURCES, default=5),
        ),
        migrations.AddField(
            model_name='readingfilerow',
            name='replaced_id',
            field=models.BigIntegerField(help_text='the reading that gave way to the accepted one', null=True),
        ),
        migrations.AddField(
            model_name='readingfile',
            name='replaced',
            field=models.BigIntegerField(default=0, help_text='readings that gave way to control readings'),
        ),
        migrations.AlterField(
            model_name='readingfile',
            name='known',
            field=models.BigIntegerField(default=0, help_text='readings that say what was known already'),
        ),
        migrations.AlterField(
            model_name='readingfilerow',
            name='row_no',
            field=models.IntegerField(help_text='as the sender sees it, counted from the first line of the file'),
        ),
        migrations.AddConstraint(
            model_name='readingfilerow',
            constraint=models.UniqueConstraint(fields=('file', 'row_no', 'part'), name='reading_file_row_unique'),
        ),
    ]
