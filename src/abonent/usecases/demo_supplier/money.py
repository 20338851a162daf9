"""What comes in in the period as banks send it: a registry of an agent, and a statement that covers it and more."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Supplier
from abonent.contexts.payments.models import Agent, AgentKind, PaymentFile, PaymentFileState
from abonent.usecases import import_payments
from abonent.usecases.demo_supplier.town import Sample

_ROUBLE = 100
_COMMISSION_E4 = 80  # of a sum, in ten-thousandths
_DIRECT = 12  # so many of the payers transfer through their own bank
_AGENT_INN, _AGENT = "0099000014", 'ПАО "ПРИМЕРБАНК" (ВЫМЫШЛЕННЫЙ)'
_AGENT_ACCOUNT, _AGENT_BIC = "30232810900000000900", "049900901"
_OPENING_MINOR = 1_250_000 * _ROUBLE
_NETWORK_MINOR = 480_000 * _ROUBLE


@dataclass(frozen=True)
class Paying:
    """One who pays so much."""

    account_id: int
    amount_minor: int


@dataclass(frozen=True)
class _Row:
    account: str
    payer: str
    amount_minor: int


_NOBODY = _Row("9999999999", "НЕИЗВЕСТНЫЙ НИКТО НИКТОЕВИЧ", 1_234_56)


def bring(*, sample: Sample, paying: Sequence[Paying], day: date, at: datetime) -> int:
    """Take in the registry of a day and the statement of the next one; return how many payments they brought."""
    supplier = Supplier.objects.get()
    accounts = {
        account.pk: account
        for account in Account.objects.select_related("party").filter(
            id__in=[one.account_id for one in paying]
        )
    }
    rows = [
        _Row(
            accounts[one.account_id].number,
            accounts[one.account_id].party.display_name.upper(),
            one.amount_minor,
        )
        for one in paying
    ]
    direct = rows[:: max(len(rows) // _DIRECT, 1)][:_DIRECT]
    through_agent = [row for row in rows if row not in set(direct)]
    period = sample.period.previous()
    registry, transferred = _registry(through_agent, period=f"{period.first_day:%m%y}", day=day)
    next_day = day + timedelta(days=1)
    statement = _statement(supplier, direct, transferred, day=next_day)
    agent = _agent(supplier, "bank-agent", "Примербанк", AgentKind.REGISTRY, inn=_AGENT_INN)
    bank = _agent(supplier, "bank", "Расчётный счёт", AgentKind.BANK)
    brought = 0
    files = (
        (f"{supplier.inn}_{supplier.bank_account}_1.txt", registry, agent, day),
        (f"kl_to_1c_{next_day:%Y%m%d}.txt", statement, bank, next_day),
    )
    for name, text, channel, booked_on in files:
        brought += _store(name, text, channel, booked_on, at)
    return brought


def was_brought(day: date) -> bool:
    """Tell whether both files of a day are posted; what was begun and stopped is finished by asking for it again."""
    return (
        PaymentFile.objects.filter(
            agent__code__in=("bank-agent", "bank"),
            booked_on__in=(day, day + timedelta(days=1)),
            state=PaymentFileState.POSTED,
        ).count()
        == 2
    )


def _agent(supplier: Supplier, code: str, name: str, kind: AgentKind, inn: str = "") -> Agent:
    agent, _made = Agent.objects.get_or_create(
        supplier=supplier, code=code, defaults={"name": name, "kind": kind, "inn": inn}
    )
    return agent


def _store(name: str, text: str, agent: Agent, booked_on: date, at: datetime) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(text.encode("cp1251"))
        stored = import_payments.store(
            path=path,
            name=name,
            agent_id=agent.pk,
            booked_on=booked_on,
            today=booked_on,
            actor_id=None,
            at=at,
        )
    return 0 if stored.was_stored else stored.posted_rows + stored.unidentified_rows


def _registry(rows: Sequence[_Row], *, period: str, day: date) -> tuple[str, int]:
    """Return a registry in the 13 fields of Сбербанк with one row for nobody here, and what is transferred of it."""
    told = [*rows, _NOBODY]
    lines, commissions = [], 0
    for number, row in enumerate(told, start=1):
        commission = (row.amount_minor * _COMMISSION_E4 + 5_000) // 10_000
        commissions += commission
        fields = (
            f"{day:%d-%m-%Y}",
            f"{9 + number % 10:02}-{number % 60:02}-{number * 7 % 60:02}",
            "0099",
            "00990001K",
            f"{day:%y%m%d}{number:08}",
            row.account,
            row.payer,
            "",
            period,
            _comma(row.amount_minor),
            _comma(row.amount_minor - commission),
            _comma(commission),
            "5",
        )
        lines.append(";".join(fields))
    total = sum(row.amount_minor for row in told)
    control = (len(told), _comma(total), _comma(total - commissions), _comma(commissions), "1")
    lines.append("=" + ";".join(map(str, control)) + f";{day:%d-%m-%Y}")
    return "\r\n".join(lines) + "\r\n", total - commissions


def _statement(supplier: Supplier, direct: Sequence[_Row], transferred_minor: int, *, day: date) -> str:
    """Return a statement: the registry's sum, payers of their own, two that name nobody, and one sum that leaves."""
    coming = [
        (
            transferred_minor,
            _AGENT,
            _AGENT_INN,
            f"Перечисление по реестру № 1 от {day - timedelta(days=1):%d.%m.%Y}",
        )
    ]
    for row in direct:
        purpose = f"Оплата за электроэнергию, л/с {row.account}. НДС в т.ч."
        coming.append((row.amount_minor, row.payer, "", purpose))
    coming += [
        (1_500_00, direct[0].payer, "", "За свет от мамы"),
        (830_40, direct[-1].payer, "", f"Электроэнергия лс {direct[-1].account[-6:]} за прошлый месяц"),
    ]
    came = sum(row[0] for row in coming)
    lines = [
        "1CClientBankExchange",
        "ВерсияФормата=1.03",
        "Кодировка=Windows",
        "Отправитель=Банк-образец",
        f"ДатаНачала={day:%d.%m.%Y}",
        f"ДатаКонца={day:%d.%m.%Y}",
        f"РасчСчет={supplier.bank_account}",
        "СекцияРасчСчет",
        f"ДатаНачала={day:%d.%m.%Y}",
        f"ДатаКонца={day:%d.%m.%Y}",
        f"РасчСчет={supplier.bank_account}",
        f"НачальныйОстаток={_point(_OPENING_MINOR)}",
        f"ВсегоПоступило={_point(came)}",
        f"ВсегоСписано={_point(_NETWORK_MINOR)}",
        f"КонечныйОстаток={_point(_OPENING_MINOR + came - _NETWORK_MINOR)}",
        "КонецРасчСчет",
    ]
    own = (supplier.short_name, supplier.inn, supplier.bank_account, supplier.bic)
    for number, (amount_minor, payer, inn, purpose) in enumerate(coming, start=101):
        other = (payer, inn, _AGENT_ACCOUNT if inn else "40817810000000000001", _AGENT_BIC)
        lines += _document(number, day, amount_minor, payer=other, payee=own, purpose=purpose, came=True)
    network = ('ПАО "Сети-образец"', "0099000021", "40702810800000000009", "049900900")
    lines += _document(
        77, day, _NETWORK_MINOR, payer=own, payee=network, purpose="Услуги по передаче", came=False
    )
    return "\r\n".join([*lines, "КонецФайла"]) + "\r\n"


def _document(
    number: int,
    day: date,
    amount_minor: int,
    *,
    payer: tuple[str, str, str, str],
    payee: tuple[str, str, str, str],
    purpose: str,
    came: bool,
) -> list[str]:
    sides = []
    for word, (name, inn, account, bic) in (("Плательщик", payer), ("Получатель", payee)):
        sides += [
            f"{word}={name}",
            f"{word}ИНН={inn}",
            f"{word}РасчСчет={account}",
            f"{word}Счет={account}",
            f"{word}БИК={bic}",
        ]
    return [
        "СекцияДокумент=Платежное поручение",
        f"Номер={number}",
        f"Дата={day:%d.%m.%Y}",
        f"Сумма={_point(amount_minor)}",
        f"{'ДатаПоступило' if came else 'ДатаСписано'}={day:%d.%m.%Y}",
        *sides,
        f"НазначениеПлатежа={purpose}",
        "КонецДокумента",
    ]


def _comma(minor: int) -> str:
    return f"{minor // 100},{minor % 100:02}"


def _point(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02}"
