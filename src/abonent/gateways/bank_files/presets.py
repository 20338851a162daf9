"""Layouts of tables that are known: `{"preset": "ua_monobank"}` in place of a layout of one's own."""

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    # monobank: statement of one card; it does not name the card, so `own_account` is asked of whoever uses it
    "ua_monobank": {
        "kind": "statement",
        "encoding": "utf-8",
        "delimiter": ",",
        "dates": ["dd.mm.yyyy HH:MM:SS"],
        "currency": "UAH",
        "own_account": "monobank",
        "columns": {
            "paid_on": "Дата i час операції",
            "amount": "Сума в валюті картки (UAH)",
            "purpose": "Деталі операції",
        },
    },
    # ProCredit Bank, for businesses: several accounts and currencies in one file
    "ua_procredit_business": {
        "kind": "statement",
        "delimiter": ";",
        "dates": ["dd.mm.yyyy HH:MM:SS"],
        "columns": {
            "own_account": "Рахунок",
            "currency": "Валюта",
            "paid_on": "Дата операції",
            "made_on": "Дата документа",
            "kind": "Код операції",
            "number": "Номер документа",
            "counterparty_bic": "МФО банка",
            "counterparty_account": "Рахунок кореспондента",
            "payer_inn": "ЄДРПОУ кореспондента",
            "payer": "Кореспондент",
            "debit": "Дебет",
            "credit": "Кредит",
            "purpose": "Призначення платежу",
        },
    },
    # Sense Bank: an account and its cards, one block under another
    "ua_sense": {
        "kind": "statement",
        "delimiter": ";",
        "dates": ["dd.mm.yy HH:MM"],
        "currency": "UAH",
        "own_account_pattern": r"^Рахунок (UA\d{27})",
        "ignore_lines": ["Деталізація операцій"],
        "accept": {"Статус": ["виконано"]},
        "debit_negative": True,
        "columns": {
            "paid_on": "Дата і час",
            "kind": "Тип",
            "purpose": ["Деталі", "Адреса"],
            "debit": "Сума списання",
            "credit": "Сума зарахування",
        },
    },
}
