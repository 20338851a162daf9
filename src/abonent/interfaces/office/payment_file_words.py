"""What is said about files of payments and bank documents, with the colour it is shown in."""

from abonent.contexts.payments.models import BankLineState, PaymentFileState
from abonent.interfaces.office.lists import Row
from abonent.interfaces.office.words import Word

_FILES = {
    PaymentFileState.POSTING: "blue",
    PaymentFileState.POSTED: "green",
    PaymentFileState.REVERSED: "secondary",
}
_LINES = {
    BankLineState.WAITING: "yellow",
    BankLineState.PAYMENT: "green",
    BankLineState.REGISTRY: "green",
    BankLineState.OTHER: "secondary",
    BankLineState.OUTGOING: "secondary",
}
_FORMATS = {
    "1c": "1CClientBankExchange",
    "sber": "Сбербанк",
    "table": "Excel, CSV, DBF",
    "camt053": "ISO 20022 camt.053",
    "gis": "ГИС ЖКХ",
}


def payment_file_state(row: Row) -> Word:
    state = PaymentFileState(row["state"])
    if state == PaymentFileState.POSTING and row["error"]:
        return Word(str(state.label), "red")
    return Word(str(state.label), _FILES[state])


def bank_line_state(state: int) -> Word:
    return Word(str(BankLineState(state).label), _LINES[BankLineState(state)])


def file_format(code: str) -> str:
    return _FORMATS.get(code, code)
