"""Acts about meters and connections: each a document, what it changes, and its place in the history.

One act is one transaction: readings, places of meters, seals, terms of the premise and the months to be rated again.
"""

from abonent.usecases.device_acts.annulment import annul
from abonent.usecases.device_acts.given import (
    ZONE_SETS,
    ActRefused,
    Done,
    Drawn,
    Face,
    MeterGiven,
    SealGiven,
)
from abonent.usecases.device_acts.meters import admit, remove, replace
from abonent.usecases.device_acts.sealing import seal, undo
from abonent.usecases.device_acts.verification import Term, Warning, verification_warnings, verify
from abonent.usecases.device_acts.visits import check, refuse_access, tampering, unauthorised

__all__ = [
    "ZONE_SETS",
    "ActRefused",
    "Done",
    "Drawn",
    "Face",
    "MeterGiven",
    "SealGiven",
    "Term",
    "Warning",
    "admit",
    "annul",
    "check",
    "refuse_access",
    "remove",
    "replace",
    "seal",
    "tampering",
    "unauthorised",
    "undo",
    "verification_warnings",
    "verify",
]
