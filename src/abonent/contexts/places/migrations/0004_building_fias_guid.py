from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0003_dated_building_facts'),
    ]

    operations = [
        migrations.AddField(
            model_name='building',
            name='fias_guid',
            field=models.UUIDField(help_text='the house in ФИАС, by which ГИС ЖКХ knows it', null=True),
        ),
    ]
