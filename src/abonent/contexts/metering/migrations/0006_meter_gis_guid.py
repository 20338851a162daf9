from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0005_reading_file_parts'),
    ]

    operations = [
        migrations.AddField(
            model_name='meter',
            name='gis_guid',
            field=models.UUIDField(help_text='what ГИС ЖКХ calls it (MeteringDeviceRootGUID)', null=True),
        ),
        migrations.AddConstraint(
            model_name='meter',
            constraint=models.UniqueConstraint(condition=models.Q(('gis_guid__isnull', False)), fields=('gis_guid',), name='meter_gis_guid_unique'),
        ),
    ]
