"""The registry as files for the social security office: xlsx, csv and dbf with the same rows and control totals."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import IO

import shapefile
import xlsxwriter
from django.db.models import F
from django.utils.translation import gettext as _

from abonent.contexts.charging.models import BenefitRegistry, Compensation, RegistryState
from abonent.contexts.places.queries import address_of
from abonent.kernel.money import format_minor
from abonent.kernel.quantities import format_wh

KINDS = ("xlsx", "csv", "dbf")
_CHUNK = 5_000
_DBF_ENCODING, _DBF_LANGUAGE_BYTE, _DBF_LANGUAGE = "cp866", 29, 0x65


@dataclass(frozen=True)
class Line:
    """A row of the registry as the office sees it."""

    account: str
    name: str
    address: str
    category: str
    document: str
    percent: int
    people: int
    residents: int
    period: date
    usage_wh: int
    within_norm_wh: int
    due_minor: int
    amount_minor: int


# name in the dbf, its width there, decimal places (None: text)
_DBF = (
    ("LS", 16, None),
    ("FIO", 60, None),
    ("ADRES", 120, None),
    ("KOD", 30, None),
    ("DOKUMENT", 80, None),
    ("PROCENT", 3, 0),
    ("LGOTN", 3, 0),
    ("PROZH", 3, 0),
    ("MES", 7, None),
    ("OBJEM", 14, 3),
    ("V_NORME", 14, 3),
    ("NACHISL", 14, 2),
    ("K_OPLATE", 14, 2),
)


def write(*, registry_id: int, kind: str, to: IO[bytes]) -> None:
    """Write a registry that is made; `kind` is one of KINDS. The figures of the last line add up those above.

    Raises ValueError for a registry that is not made.
    """
    registry = BenefitRegistry.objects.get(pk=registry_id)
    if registry.state not in (RegistryState.MADE, RegistryState.SENT):
        raise ValueError(f"registry {registry_id} is not made")
    {"xlsx": _write_xlsx, "csv": _write_csv, "dbf": _write_dbf}[kind](registry, to)


def lines(registry_id: int) -> Iterator[Line]:
    """Yield the rows of a registry by account and month."""
    rows = (
        Compensation.objects.filter(registry_id=registry_id)
        .annotate(
            account_number=F("account__number"),
            premise=F("account__premise__number"),
            house=F("account__building__number"),
            street=F("account__building__street__name"),
            street_kind=F("account__building__street__kind"),
            holder_name=F("holder__name"),
            document=F("holder__document"),
            people=F("holder__people"),
            code=F("holder__category__code"),
            percent=F("holder__category__percent"),
            covers_family=F("holder__category__covers_family"),
        )
        .order_by("account_number", "period", "holder_id")
        .values()
    )
    for row in rows.iterator(chunk_size=_CHUNK):
        yield Line(
            account=row["account_number"],
            name=row["holder_name"],
            address=address_of(
                street_kind=row["street_kind"],
                street=row["street"],
                building=row["house"],
                premise=row["premise"],
            ),
            category=row["code"],
            document=row["document"],
            percent=row["percent"],
            people=row["people"] if row["covers_family"] else 1,
            residents=row["residents"],
            period=row["period"],
            usage_wh=row["usage_wh"],
            within_norm_wh=row["within_norm_wh"],
            due_minor=row["due_minor"],
            amount_minor=row["amount_minor"],
        )


def _headings() -> list[str]:
    return [
        _("Account"),
        _("Holder"),
        _("Address"),
        _("Category"),
        _("Document"),
        _("Percent"),
        _("People compensated"),
        _("Residents"),
        _("Month"),
        _("Usage, kWh"),
        _("Compensated, kWh"),
        _("Due for the month, RUB"),
        _("To be paid, RUB"),
    ]


def _cells(line: Line) -> list[str]:
    return [
        line.account,
        line.name,
        line.address,
        line.category,
        line.document,
        str(line.percent),
        str(line.people),
        str(line.residents),
        f"{line.period:%m.%Y}",
        format_wh(line.usage_wh),
        format_wh(line.within_norm_wh),
        format_minor(line.due_minor),
        format_minor(line.amount_minor),
    ]


def _totals(registry: BenefitRegistry) -> str:
    return _("Rows: %(rows)s. To be paid: %(amount)s RUB") % {
        "rows": registry.rows,
        "amount": format_minor(registry.amount_minor),
    }


def _write_csv(registry: BenefitRegistry, to: IO[bytes]) -> None:
    text = io.TextIOWrapper(to, encoding="utf-8-sig", newline="")
    table = csv.writer(text, delimiter=";")
    table.writerow(_headings())
    for line in lines(registry.pk):
        table.writerow(_cells(line))
    table.writerow([_totals(registry), *[""] * 11, format_minor(registry.amount_minor)])
    text.flush()
    text.detach()


def _write_xlsx(registry: BenefitRegistry, to: IO[bytes]) -> None:
    book = xlsxwriter.Workbook(to, {"constant_memory": True, "in_memory": False})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    money, energy = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "#,##0.###"})
    total = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1})
    sheet.freeze_panes(1, 0)
    for place, heading in enumerate(_headings()):
        sheet.set_column(place, place, 30 if place in (1, 2, 4) else 14)
        sheet.write_string(0, place, heading, bold)
    number = 0
    for number, line in enumerate(lines(registry.pk), start=1):
        cells = _cells(line)
        for place in (0, 1, 2, 3, 4, 8):
            sheet.write_string(number, place, cells[place])  # never write(): "=" must stay a name
        for place in (5, 6, 7):
            sheet.write_number(number, place, int(cells[place]))
        for place, wh in ((9, line.usage_wh), (10, line.within_norm_wh)):
            sheet.write_number(number, place, wh / 1000, energy)
        for place, minor in ((11, line.due_minor), (12, line.amount_minor)):
            sheet.write_number(number, place, minor / 100, money)
    sheet.write_string(number + 1, 0, _totals(registry), bold)
    sheet.write_number(number + 1, 12, registry.amount_minor / 100, total)
    book.close()


def _write_dbf(registry: BenefitRegistry, to: IO[bytes]) -> None:
    """dBase III in cp866, which these programs read; the last row is the total."""
    table = io.BytesIO()
    with shapefile.Writer(dbf=table, encoding=_DBF_ENCODING, encodingErrors="replace") as writer:
        for name, width, places in _DBF:
            writer.field(name, "C" if places is None else "N", size=width, decimal=places or 0)
        for line in lines(registry.pk):
            writer.record(*_dbf_cells(_cells(line)))
        figures = ["0", "0", "0", "", "0", "0", "0", format_minor(registry.amount_minor)]
        writer.record(*_dbf_cells([_("TOTAL"), _totals(registry), "", "", "", *figures]))
    data = bytearray(table.getvalue())
    data[_DBF_LANGUAGE_BYTE] = _DBF_LANGUAGE
    to.write(data)


def _dbf_cells(cells: list[str]) -> list[str]:
    return [
        cell[:width] if places is None else cell
        for cell, (_name, width, places) in zip(cells, _DBF, strict=True)
    ]
