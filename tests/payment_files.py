"""Registries and statements as agents and banks write them, for tests of how they are taken in."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from abonent.contexts.parties.models import Supplier
from abonent.contexts.payments.models import Agent, AgentKind

SBER_INN = "7707049388"


def sber(supplier: Supplier, **settings: object) -> Agent:
    return Agent.objects.create(
        supplier=supplier,
        code="sber",
        name="Сбербанк",
        kind=AgentKind.REGISTRY,
        inn=SBER_INN,
        layout=settings,
    )


def bank(supplier: Supplier) -> Agent:
    return Agent.objects.create(supplier=supplier, code="bank", name="Банк", kind=AgentKind.BANK)


def roubles(minor: int) -> str:
    return f"{minor // 100},{minor % 100:02}"


def sber_registry(
    rows: Sequence[tuple[str, int]],
    *,
    day: date = date(2026, 10, 5),
    number: str = "686336",
    first: int = 1,
    commission_percent: int = 1,
    payer: str = "ИВАНОВ ИВАН ИВАНОВИЧ",
) -> bytes:
    """Return a registry of payments (account, minor units), their operations numbered from `first`."""
    lines, sums = [], [0, 0, 0]
    for place, (account, minor) in enumerate(rows):
        commission = minor * commission_percent // 100
        of_row = (minor, minor - commission, commission)
        sums = [one + more for one, more in zip(sums, of_row, strict=True)]
        money = ";".join(map(roubles, of_row))
        lines.append(
            f"{day:%d-%m-%Y};09-{place // 60 % 60:02}-{place % 60:02};1111;1111999V;{first + place:012};"
            f"{account};{payer};Г ОБРАЗЦОВ, КВ.{place};0926;{money};5"
        )
    lines.append(f"={len(rows)};{';'.join(map(roubles, sums))};{number};{day:%d-%m-%Y}")
    return "\r\n".join([*lines, ""]).encode("cp1251")


def transferred(rows: Sequence[tuple[str, int]], commission_percent: int = 1) -> int:
    return sum(minor - minor * commission_percent // 100 for _account, minor in rows)


def document(
    number: str,
    minor: int,
    *,
    purpose: str,
    own: str,
    day: date = date(2026, 10, 6),
    payer: str = "ПЕТРОВ ПЁТР",
    inn: str = "",
    account: str = "40817810000000000001",
    incoming: bool = True,
) -> list[str]:
    """Return a document of a 1C file."""
    theirs, ours = ("Плательщик", "Получатель") if incoming else ("Получатель", "Плательщик")
    return [
        "СекцияДокумент=Платежное поручение",
        f"Номер={number}",
        f"Дата={day:%d.%m.%Y}",
        f"Сумма={minor // 100}.{minor % 100:02}",
        f"{theirs}Счет={account}",
        f"{theirs}={payer}",
        f"{theirs}ИНН={inn}",
        f"{theirs}БИК=044525225",
        f"{ours}Счет={own}",
        f"{ours}ИНН=7707083893",
        f"{'ДатаПоступило' if incoming else 'ДатаСписано'}={day:%d.%m.%Y}",
        f"НазначениеПлатежа={purpose}",
        "КонецДокумента",
    ]


def statement(
    documents: Sequence[list[str]],
    *,
    own: str,
    first: date = date(2026, 10, 6),
    last: date = date(2026, 10, 6),
    opening_minor: int = 0,
) -> bytes:
    """Return a 1C statement of one account with right totals."""
    came = went = 0
    for one in documents:
        fields = dict(line.split("=", 1) for line in one if "=" in line)
        minor = int(fields["Сумма"].replace(".", ""))
        if "ДатаПоступило" in fields:
            came += minor
        else:
            went += minor

    def text(minor: int) -> str:
        return f"{minor // 100}.{minor % 100:02}"

    lines = [
        "1CClientBankExchange",
        "ВерсияФормата=1.03",
        "Кодировка=Windows",
        "Отправитель=Банк",
        "Получатель=",
        f"ДатаСоздания={last:%d.%m.%Y}",
        "ВремяСоздания=18:00:00",
        f"ДатаНачала={first:%d.%m.%Y}",
        f"ДатаКонца={last:%d.%m.%Y}",
        f"РасчСчет={own}",
        "СекцияРасчСчет",
        f"ДатаНачала={first:%d.%m.%Y}",
        f"ДатаКонца={last:%d.%m.%Y}",
        f"РасчСчет={own}",
        f"НачальныйОстаток={text(opening_minor)}",
        f"ВсегоПоступило={text(came)}",
        f"ВсегоСписано={text(went)}",
        f"КонечныйОстаток={text(opening_minor + came - went)}",
        "КонецРасчСчет",
        *(line for one in documents for line in one),
        "КонецФайла",
    ]
    return "\r\n".join([*lines, ""]).encode("cp1251")


def write(folder: Path, content: bytes, name: str = "registry.txt") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
