"""How a scenario file names services, methods and the balances of buildings."""

from abonent.engine import registry

# Each pack declares its rules when its month is imported.
from abonent.usecases import packs

SERVICES = {1: "electricity", 2: "common_needs"}
BALANCE_METHODS = {1: "meter", 2: "norm", 3: "average"}


def _methods() -> dict[int, str]:
    """Return the rules' names without the country: ru.energy.metered is energy.metered."""
    packs.pack("ru")
    return {rule.number: rule.code.split(".", 1)[1] for rule in registry.rules()}


METHODS = _methods()
