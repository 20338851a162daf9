from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('metering', '0007_verification_and_seal_lists'),
    ]

    operations = [
        migrations.AddField(
            model_name='readingfile',
            name='layout',
            field=models.JSONField(default=dict, help_text='how it was read: kind, sheet, header_row, language'),
        ),
    ]
