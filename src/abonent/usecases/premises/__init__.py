"""Buildings, premises and accounts: opened, changed from a day on, handed over, closed.

Whatever touches months that are billed already notes them for recalculation and posts nothing by itself.
"""

from abonent.usecases.premises._common import By, PlaceRefused

__all__ = ["By", "PlaceRefused"]
