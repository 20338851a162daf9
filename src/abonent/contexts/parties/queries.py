"""What is asked about the supplier."""

from abonent.contexts.parties.models import Supplier


class NoSupplier(LookupError):
    """Nothing is set up here yet."""


def supplier_id() -> int:
    """Return the supplier of this installation, the first that was set up. Raises NoSupplier where there is none."""
    found = Supplier.objects.order_by("id").values_list("id", flat=True).first()
    if found is None:
        raise NoSupplier("no supplier is set up here yet; for a sample one: abonent demo run")
    return found
