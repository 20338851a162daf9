"""What a building's common needs are shared by is dated now; see `BuildingTerms`."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("places", "0002_building_terms")]

    operations = [
        migrations.RemoveField(
            model_name='building',
            name='common_area_dm2',
        ),
        migrations.RemoveField(
            model_name='building',
            name='common_needs',
        ),
        migrations.RemoveField(
            model_name='building',
            name='common_norm_category',
        ),
        migrations.RemoveField(
            model_name='building',
            name='excess_to_consumers',
        ),
        migrations.RemoveField(
            model_name='building',
            name='premises_area_dm2',
        ),
    ]
