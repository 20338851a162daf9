"""Let the payments that were made of entries be settled: nothing covers anything yet."""

from django.db import migrations

ASK = """
INSERT INTO payments_settlejob (supplier_id, origin, requests, state, settled_through, accounts_done, accounts_total,
    accounts_changed, error, requested_at)
SELECT DISTINCT supplier_id, 'upgrade', 1, 1, 0, 0, 0, 0, '', now() FROM payments_payment WHERE state = 2
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0010_open_items_carried")]
    operations = [migrations.RunSQL(ASK, migrations.RunSQL.noop)]
