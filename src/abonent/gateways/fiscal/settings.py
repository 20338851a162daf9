"""Which register a desk has: its settings, checked and turned into an object."""

import re
from collections.abc import Mapping
from typing import Any

from abonent.gateways.fiscal.file_register import FileRegister
from abonent.gateways.fiscal.port import FiscalRegister
from abonent.gateways.home import home

KINDS = ("file",)
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}\.jsonl")


class SettingsRefused(ValueError):
    """A setting is missing or malformed; `field` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the setting {field!r} of a fiscal register is missing or malformed")
        self.field = field


def check_settings(settings: Mapping[str, Any], /) -> None:
    """Raise SettingsRefused unless a register can be made of these settings."""
    if settings.get("kind") not in KINDS:
        raise SettingsRefused("kind")
    if not _FILE.fullmatch(str(settings.get("file", ""))):
        raise SettingsRefused("file")
    for field in ("registration", "storage"):
        if not re.fullmatch(r"\d{16}", str(settings.get(field, ""))):
            raise SettingsRefused(field)


def register_of(settings: Mapping[str, Any], /) -> FiscalRegister:
    """Return the register of a desk. Raises SettingsRefused."""
    check_settings(settings)
    return FileRegister(
        path=home() / "fiscal" / str(settings["file"]),
        registration=str(settings["registration"]),
        storage=str(settings["storage"]),
    )
