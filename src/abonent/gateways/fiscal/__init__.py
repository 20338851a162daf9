"""Fiscal registers of cash desks (54-ФЗ): the port, and the implementations a desk may name in its settings."""

from abonent.gateways.fiscal.file_register import FileRegister
from abonent.gateways.fiscal.port import (
    AnswerLost,
    Document,
    FiscalRegister,
    Offline,
    OutOfPaper,
    RegisterDamaged,
    RegisterRefused,
    RegisterState,
    RegisterUnavailable,
)
from abonent.gateways.fiscal.settings import KINDS, SettingsRefused, check_settings, register_of

__all__ = [
    "KINDS",
    "AnswerLost",
    "Document",
    "FileRegister",
    "FiscalRegister",
    "Offline",
    "OutOfPaper",
    "RegisterDamaged",
    "RegisterRefused",
    "RegisterState",
    "RegisterUnavailable",
    "SettingsRefused",
    "check_settings",
    "register_of",
]
