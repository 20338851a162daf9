import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("charging", "0006_benefit_registry_states"),
        ("places", "0003_dated_building_facts"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="buildingbalance", name="building_balance_unique"),
        migrations.AddConstraint(
            model_name="buildingbalance",
            constraint=models.UniqueConstraint(
                fields=("run", "building", "period"), name="building_balance_unique"
            ),
        ),
        migrations.AddField(
            model_name="runexception", name="period", field=models.DateField(null=True)
        ),
        migrations.RunSQL(
            "UPDATE charging_runexception x SET period = n.period FROM charging_run n WHERE n.id = x.run_id",
            migrations.RunSQL.noop,
        ),
        migrations.AlterField(model_name="runexception", name="period", field=models.DateField()),
        migrations.RemoveConstraint(model_name="recalculation", name="recalculation_waits_once"),
        migrations.AlterField(
            model_name="recalculation",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="recalculations",
                to="charging.run",
            ),
        ),
        migrations.AddIndex(
            model_name="recalculation",
            index=models.Index(fields=["run", "period", "building"], name="recalculation_of_run"),
        ),
        migrations.AddConstraint(
            model_name="recalculation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("run__isnull", True), ("settled_at__isnull", True)),
                fields=("building", "premise", "period", "cause"),
                name="recalculation_waits_once",
                nulls_distinct=False,
            ),
        ),
    ]
