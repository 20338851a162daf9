"""Files of money as banks and agents write them, for tests. Shares no code with the readers."""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import xlsxwriter
from hypothesis import strategies as st

TODAY = date(2026, 11, 22)
OURS, OTHER_OF_OURS = "40702810801500116391", "40702810000000000077"
THEIRS = "40817810009980084396"


def roubles(minor: int, mark: str = ".") -> str:
    return f"{Decimal(minor) / 100:.2f}".replace(".", mark)


@dataclass(frozen=True)
class Paid:
    """One document: who paid whom."""

    payer: str
    payee: str
    amount_minor: int
    day: date = date(2026, 11, 20)
    number: str = "1"
    purpose: str = "ЛС 50133547364"
    name: str = "Иванов Иван Иванович"


def statement_1c(
    documents: Sequence[Paid],
    *,
    accounts: Sequence[str] = (OURS,),
    since: date = date(2026, 11, 1),
    until: date = date(2026, 11, 21),
    opening_minor: int = 830_000,
    received_minor: dict[str, int] | None = None,
    closing_minor: dict[str, int] | None = None,
    new_line: str = "\r\n",
) -> str:
    lines = [
        "1CClientBankExchange",
        "ВерсияФормата=1.03",
        "Кодировка=Windows",
        "Отправитель=Банк",
        "Получатель=",
    ]
    lines += [f"ДатаСоздания={until:%d.%m.%Y}", f"ДатаНачала={since:%d.%m.%Y}", f"ДатаКонца={until:%d.%m.%Y}"]
    lines += [f"РасчСчет={account}" for account in accounts]
    for account in accounts:
        came = sum(one.amount_minor for one in documents if one.payee == account)
        left = sum(one.amount_minor for one in documents if one.payer == account)
        stated = (received_minor or {}).get(account, came)
        closing = (closing_minor or {}).get(account, opening_minor + stated - left)
        lines += [
            "СекцияРасчСчет",
            f"ДатаНачала={since:%d.%m.%Y}",
            f"ДатаКонца={until:%d.%m.%Y}",
            f"РасчСчет={account}",
            f"НачальныйОстаток={roubles(opening_minor)}",
            f"ВсегоПоступило={roubles(stated)}",
            f"ВсегоСписано={roubles(left)}",
            f"КонечныйОстаток={roubles(closing)}",
            "КонецРасчСчет",
        ]
    for one in documents:
        lines += [
            "СекцияДокумент=Платежное поручение",
            f"Номер={one.number}",
            f"Дата={one.day:%d.%m.%Y}",
            f"Сумма={roubles(one.amount_minor)}",
            f"ПлательщикСчет={one.payer}",
            f"ДатаСписано={one.day:%d.%m.%Y}" if one.payer in accounts else "ДатаСписано=",
            "ПлательщикИНН=6671093163",
            f"Плательщик1={one.name}",
            "ПлательщикБИК=044525593",
            f"ПолучательСчет={one.payee}",
            f"ДатаПоступило={one.day:%d.%m.%Y}" if one.payee in accounts else "ДатаПоступило=",
            "ПолучательИНН=7706092528",
            "Получатель1=ООО ЭСК",
            "ПолучательБИК=044525999",
            f"НазначениеПлатежа={one.purpose}",
            "КонецДокумента",
        ]
    return new_line.join([*lines, "КонецФайла", ""])


@dataclass(frozen=True)
class Row:
    """A row of Sberbank's registry."""

    amount_minor: int
    commission_minor: int = 0
    day: date = date(2026, 11, 20)
    time: str = "09-32-33"
    operation: str = "100000000001"
    account: str = "0000001001"
    name: str = "ИВАНОВ ИВАН ИВАНОВИЧ"
    period: str = "1026"


def sber(rows: Iterable[Row], *, control: str | None = None, new_line: str = "\r\n") -> str:
    lines, count, paid, kept = [], 0, 0, 0
    for row in rows:
        count, paid, kept = count + 1, paid + row.amount_minor, kept + row.commission_minor
        sums = (row.amount_minor, row.amount_minor - row.commission_minor, row.commission_minor)
        lines.append(
            f"{row.day:%d-%m-%Y};{row.time};1111;1111999V;{row.operation};{row.account};{row.name};"
            f"Г МОСКВА, КВ.1;{row.period};" + ";".join(roubles(one, ",") for one in sums) + ";5"
        )
    if control is None:
        sums_of_all = ";".join(roubles(one, ",") for one in (paid, paid - kept, kept))
        control = f"={count};{sums_of_all};686336;21-11-2026"
    return new_line.join([*lines, control, ""] if control else [*lines, ""])


@dataclass(frozen=True)
class Entry:
    """An entry of camt.053; `parts` are the payments of a batch."""

    amount_minor: int
    incoming: bool = True
    day: date = date(2026, 11, 20)
    parts: tuple[int, ...] = ()
    currency: str = "RUB"
    status: str = "BOOK"
    reference: str = "REF1"
    purpose: str = "ЛС 50133547364"
    name: str = "Иванов Иван"


def camt053(
    entries: Sequence[Entry],
    *,
    version: int = 2,
    account: str = OURS,
    opening_minor: int = 830_000,
    closing_minor: int | None = None,
    summary: bool = True,
    statements: int = 1,
) -> str:
    new = version >= 8
    booked = [one for one in entries if one.status == "BOOK"]
    came = sum(one.amount_minor for one in booked if one.incoming)
    left = sum(one.amount_minor for one in booked if not one.incoming)
    closing = opening_minor + came - left if closing_minor is None else closing_minor

    def balance(code: str, minor: int) -> str:
        side = "CRDT" if minor >= 0 else "DBIT"
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy='RUB'>{roubles(abs(minor))}</Amt>"
            f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>"
        )

    def party(one: Entry) -> str:
        side = "Dbtr" if one.incoming else "Cdtr"
        who = f"<Nm>{one.name}</Nm>"
        who = f"<Pty>{who}</Pty>" if new else who
        bic = "<BICFI>TESTRUMM</BICFI>" if new else "<BIC>TESTRUMM</BIC>"
        return (
            f"<RltdPties><{side}>{who}</{side}><{side}Acct><Id><Othr><Id>{THEIRS}</Id></Othr></Id></{side}Acct>"
            f"</RltdPties><RltdAgts><{side}Agt><FinInstnId>{bic}</FinInstnId></{side}Agt></RltdAgts>"
        )

    def detail(one: Entry, number: int, part: int | None) -> str:
        amount = ""
        if part is not None:
            money = f"<Amt Ccy='{one.currency}'>{roubles(part)}</Amt>"
            amount = money if new else f"<AmtDtls><TxAmt>{money}</TxAmt></AmtDtls>"
        return (
            f"<TxDtls><Refs><AcctSvcrRef>{one.reference}-{number}</AcctSvcrRef><EndToEndId>E2E{number}</EndToEndId>"
            f"</Refs>{amount}{party(one)}<RmtInf><Ustrd>{one.purpose}</Ustrd><Strd><CdtrRefInf><Ref>RF18</Ref>"
            f"</CdtrRefInf></Strd></RmtInf></TxDtls>"
        )

    def entry(one: Entry) -> str:
        status = f"<Cd>{one.status}</Cd>" if new else one.status
        details = "".join(detail(one, n, part) for n, part in enumerate(one.parts, 1)) or detail(one, 1, None)
        return (
            f"<Ntry><Amt Ccy='{one.currency}'>{roubles(one.amount_minor)}</Amt>"
            f"<CdtDbtInd>{'CRDT' if one.incoming else 'DBIT'}</CdtDbtInd><Sts>{status}</Sts>"
            f"<BookgDt><Dt>{one.day}</Dt></BookgDt><ValDt><Dt>{one.day}</Dt></ValDt>"
            f"<AcctSvcrRef>{one.reference}</AcctSvcrRef><NtryDtls>{details}</NtryDtls></Ntry>\n"
        )

    totals = (
        f"<TxsSummry><TtlCdtNtries><NbOfNtries>{sum(one.incoming for one in booked)}</NbOfNtries>"
        f"<Sum>{roubles(came)}</Sum></TtlCdtNtries><TtlDbtNtries>"
        f"<NbOfNtries>{sum(not one.incoming for one in booked)}</NbOfNtries><Sum>{roubles(left)}</Sum>"
        f"</TtlDbtNtries></TxsSummry>"
    )
    body = "".join(
        f"<Stmt><Id>S{n}</Id><CreDtTm>2026-11-21T01:00:00</CreDtTm><Acct><Id><Othr><Id>{account[:-1]}{n}</Id></Othr></Id>"
        f"<Ccy>RUB</Ccy></Acct>{balance('OPBD', opening_minor)}{balance('CLBD', closing)}"
        f"{totals if summary else ''}{''.join(map(entry, entries))}</Stmt>"
        for n in range(1, statements + 1)
    )
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        f"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02d}'>"
        f"<BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-21T01:00:00+03:00</CreDtTm></GrpHdr>{body}"
        f"</BkToCstmrStmt></Document>"
    )


@dataclass(frozen=True)
class Notice:
    """A notice of ГИС ЖКХ."""

    order: str
    kopecks: int
    day: date = date(2026, 11, 20)
    account: str = "50133547364"
    year: int = 2026
    month: int = 10
    extra: dict[str, str] = field(default_factory=dict)


def gis(notices: Sequence[Notice], *, envelope: bool = False) -> str:
    base = "http://dom.gosuslugi.ru/schema/integration"
    body = "".join(
        f"<p:NotificationOfOrderExecutionType><pb:SupplierInfo><pb:SupplierName>Иванов Иван</pb:SupplierName>"
        f"</pb:SupplierInfo><pb:OrderInfo><pb:OrderID>{one.order}</pb:OrderID><pb:OrderDate>{one.day}</pb:OrderDate>"
        f"<pb:Amount>{one.kopecks}</pb:Amount><pb:PaymentPurpose>За электроэнергию</pb:PaymentPurpose>"
        f"<b:Year>{one.year}</b:Year><b:Month>{one.month}</b:Month>"
        f"<ab:UnifiedAccountNumber>70АА000001</ab:UnifiedAccountNumber>"
        f"<ab:AccountNumber>{one.account}</ab:AccountNumber></pb:OrderInfo>"
        f"</p:NotificationOfOrderExecutionType>\n"
        for one in notices
    )
    message = (
        f"<p:importNotificationsOfOrderExecutionRequest xmlns:p='{base}/payment/' xmlns:pb='{base}/payments-base/' "
        f"xmlns:b='{base}/base/' xmlns:ab='{base}/account-base/'>{body}</p:importNotificationsOfOrderExecutionRequest>"
    )
    if envelope:
        soap = "http://schemas.xmlsoap.org/soap/envelope/"
        message = f"<s:Envelope xmlns:s='{soap}'><s:Header/><s:Body>{message}</s:Body></s:Envelope>"
    return f"<?xml version='1.0' encoding='UTF-8'?>{message}"


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target)
    sheet = book.add_worksheet("Лист")
    day = book.add_format({"num_format": "dd.mm.yyyy"})
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(number, place, cell, day)
            elif cell is not None:
                sheet.write(number, place, cell)
    book.close()
    return target.getvalue()


SUMS = st.integers(1, 10**10)
DAYS = st.integers(0, 20).map(lambda back: date(2026, 11, 21) - timedelta(days=back))
# what people write, and what the formats themselves are made of
WORDS = st.text(st.sampled_from("АБВгдеё 019=\"'№/.,-()<>&ıß€"), max_size=40).map(
    lambda text: " ".join(text.split())
)
