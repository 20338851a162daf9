"""What is asked about the supplier."""

from abonent.contexts.parties.models import Supplier


def supplier_id() -> int:
    """Return the supplier of this installation, the first that was set up. Raises LookupError where there is none."""
    found = Supplier.objects.order_by("id").values_list("id", flat=True).first()
    if found is None:
        raise LookupError("no supplier is set up here yet; for a sample one: abonent demo run")
    return found
