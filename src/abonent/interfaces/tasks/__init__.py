"""
Jobs taken from the queue. Each parses its arguments, makes one use-case call and returns.

The worker imports this package, so a module of tasks must be imported here to be found.
"""

from abonent.interfaces.tasks import (
    benefits,
    billing,
    cash,
    online,
    payments,
    penalties,
    printing,
    readings,
    reports,
    settling,
    upkeep,
)

__all__ = [
    "benefits",
    "billing",
    "cash",
    "online",
    "payments",
    "penalties",
    "printing",
    "readings",
    "reports",
    "settling",
    "upkeep",
]
