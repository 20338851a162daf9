from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('charging', '0008_claims_of_other_runs'),
    ]

    operations = [
        migrations.AddField(
            model_name='bill',
            name='penalty_minor',
            field=models.BigIntegerField(db_default=0, default=0, help_text='penalties and court costs booked in the month'),
        ),
        migrations.AddField(
            model_name='bill',
            name='written_off_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
    ]
