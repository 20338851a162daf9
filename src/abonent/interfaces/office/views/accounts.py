"""The list of accounts and the account card."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from abonent.contexts.access.queries import user_names
from abonent.contexts.charging.queries import (
    account_exceptions,
    bills_of,
    months_charged,
    usage_by_month,
)
from abonent.contexts.charging.recalculations import waiting_of_premise
from abonent.contexts.contracts import queries as contracts
from abonent.contexts.contracts.models import Account, Service
from abonent.contexts.contracts.queries import AccountHead, row_payer
from abonent.contexts.ledger.models import EntryKind
from abonent.contexts.ledger.queries import balance_minor, balance_of, entries_of
from abonent.contexts.metering.models import ReadingSource, ReadingStatus, Zone
from abonent.contexts.metering.queries import meters_of_premise, readings_of_premise
from abonent.contexts.metering.reading_files import file_names
from abonent.contexts.metering.usage import usage_by_readings
from abonent.contexts.payments.listing import payments_behind
from abonent.contexts.places.queries import row_address
from abonent.interfaces.office import formats
from abonent.interfaces.office.charts import consumption
from abonent.interfaces.office.filters import AccountFilter
from abonent.interfaces.office.lists import Column, Listing
from abonent.interfaces.office.rendering import listed, page_or_part
from abonent.interfaces.office.roles import STAFF, allow, may
from abonent.interfaces.office.views.lookups import head_of, read_month
from abonent.interfaces.office.views.recalculations import waiting_words
from abonent.interfaces.office.words import reading_status
from abonent.kernel.periods import Month
from abonent.usecases import explain_bill
from abonent.usecases.exception_reasons import details, reason

CARD = "office/accounts/card.html"


@allow(*STAFF)
def accounts(request: HttpRequest) -> HttpResponse:
    """The list of accounts. By name and address it is sorted once a street is chosen: then there are few."""
    filters = AccountFilter(request.GET)
    rows = filters.narrow(contracts.accounts()).annotate(balance_minor=balance_of("id"))
    few = filters.is_narrow
    columns = [
        Column(
            name="number",
            title=_("Account"),
            order=("number",),
            link=lambda row: reverse("office:account", args=[row["number"]]),
        ),
        Column(
            name="payer",
            title=_("Payer"),
            text=row_payer,
            order=("last_name", "first_name", "middle_name", "organisation") if few else (),
        ),
        Column(
            name="address",
            title=_("Address"),
            text=row_address,
            minor_on_phone=True,
            order=("street_name", "building_order", "building_number", "premise_order") if few else (),
            link=lambda row: reverse("office:building", args=[row["building_id"]]),
        ),
        Column(
            name="balance",
            title=_("To pay"),
            kind="minor",
            text=lambda row: row["balance_minor"],
            order=("balance_minor",) if few else (),
        ),
    ]
    listing = Listing(
        rows,
        columns,
        request.GET,
        default_sort="address" if few else "number",
        filters=filters,
        unique=("id",),
    )
    return listed(request, listing, file_name="accounts", page="office/accounts/list.html")


@allow(*STAFF)
def card(request: HttpRequest, number: str) -> HttpResponse:
    """The account card with what was charged."""
    head = head_of(number)
    months = months_charged(account_id=head.account_id)
    exceptions = [
        {**row, "reason": reason(row["code"]), "details": details(row["code"], row["facts"])}
        for row in account_exceptions(account_id=head.account_id)
    ]
    context = {"months": months, "exceptions": exceptions}
    return tab_page(request, head, tab="charges", part="office/accounts/_charges.html", context=context)


@allow(*STAFF)
def month_charges(request: HttpRequest, number: str, month: str) -> HttpResponse:
    """The lines of a month, each with what it was made of; those taken back stand apart."""
    account = Account.objects.select_related("building").get(pk=head_of(number).account_id)
    told = explain_bill.explain(account=account, month=read_month(month), language=formats.language())
    context = {
        "month": month,
        "standing": [line for line in told.lines if line.stands],
        "undone": [line for line in told.lines if not line.stands],
    }
    return render(request, "office/accounts/_lines.html", context)


@allow(*STAFF)
def readings(request: HttpRequest, number: str) -> HttpResponse:
    """The account card with the history of readings."""
    head = head_of(number)
    rows = readings_of_premise(premise_id=head.premise_id)

    def annul_address(row: dict[str, Any]) -> str:
        if row["status"] != ReadingStatus.ACCEPTED:
            return ""
        address = reverse("office:reading_annul", args=[number])
        return f"{address}?reading={row['id']}&taken_on={row['taken_on']}&meter={row['meter_id']}"

    names: dict[int, str] = {}
    files: dict[int, str] = {}

    def prepare(rows: list[dict[str, Any]]) -> None:
        names.update(user_names(row["author_id"] for row in rows))
        files.update(file_names({row["file_id"] for row in rows if row["file_id"]}))

    def source(row: dict[str, Any]) -> str:
        name = str(ReadingSource(row["source"]).label)
        return f"{name}, {files[row['file_id']]}" if row["file_id"] in files else name

    changes = [Column(name="annul", title="", dialog=_("Change"), text=annul_address)]
    if not may(request, "reading_annul"):
        changes = []
    columns = [
        Column(name="taken_on", title=_("Taken on"), kind="day", order=("taken_on",)),
        Column(name="serial", title=_("Meter"), order=("serial",), minor_on_phone=True),
        Column(name="zone", title=_("Zone"), text=lambda row: Zone(row["zone"]).label, order=("zone",)),
        Column(name="value_wh", title=_("Reading, kWh"), kind="kwh", order=("value_wh",)),
        Column(
            name="source",
            title=_("Source"),
            text=source,
            order=("source",),
            minor_on_phone=True,
            link=lambda row: (
                reverse("office:reading_file", args=[row["file_id"]]) if row["file_id"] in files else None
            ),
        ),
        Column(
            name="status",
            title=_("Status"),
            kind="word",
            text=lambda row: reading_status(row["status"]),
            order=("status",),
        ),
        *changes,
        Column(
            name="author",
            title=_("Entered by"),
            text=lambda row: names.get(row["author_id"], ""),
            minor_on_phone=True,
        ),
        Column(
            name="entered_at",
            title=_("Entered at"),
            kind="moment",
            order=("entered_at",),
            minor_on_phone=True,
        ),
        Column(name="reason", title=_("Note"), minor_on_phone=True),
    ]
    listing = Listing(
        rows, columns, request.GET, default_sort="-taken_on", unique=("taken_on", "id"), prepare=prepare
    )
    return _listed_tab(
        request,
        head,
        listing,
        tab="readings",
        file_name=f"readings-{number}",
        usage_chart=None if request.htmx else _usage_chart(head),
    )


@allow(*STAFF)
def ledger(request: HttpRequest, number: str) -> HttpResponse:
    """The account card with its ledger entries."""
    head = head_of(number)
    behind: dict[int, int] = {}

    def prepare(rows: list[dict[str, Any]]) -> None:
        batches = {row["batch_id"] for row in rows if not row["origin"].startswith("run:")}
        behind.update(payments_behind(account_id=head.account_id, batch_ids=batches))

    columns = [
        Column(name="booked_on", title=_("Booked on"), kind="day", order=("booked_on",)),
        Column(name="kind", title=_("Entry"), text=lambda row: EntryKind(row["kind"]).label, order=("kind",)),
        Column(
            name="service",
            title=_("Service"),
            text=lambda row: Service(row["service"]).label,
            order=("service",),
            minor_on_phone=True,
        ),
        Column(name="period", title=_("For the month"), kind="month", order=("period",)),
        Column(name="amount_minor", title=_("Amount"), kind="minor", order=("amount_minor",)),
        Column(
            name="origin",
            title=_("Posted by"),
            text=origin_words,
            link=lambda row: origin_address(row, behind),
            minor_on_phone=True,
        ),
        Column(name="reason", title=_("Reason"), minor_on_phone=True),
    ]
    listing = Listing(
        entries_of(account_id=head.account_id),
        columns,
        request.GET,
        default_sort="-booked_on",
        unique=("slot", "batch_id", "entry_no"),
        prepare=prepare,
    )
    return _listed_tab(request, head, listing, tab="ledger", file_name=f"ledger-{number}")


@allow(*STAFF)
def bills(request: HttpRequest, number: str) -> HttpResponse:
    """The account card with the bills issued."""
    head = head_of(number)
    columns = [
        Column(name="period", title=_("Month"), kind="month", order=("period",)),
        Column(
            name="pdf",
            title=_("Page"),
            text=lambda row: "PDF" if row["is_latest"] else "",
            link=lambda row: (
                reverse("office:bill_page", args=[number, f"{row['period']:%Y-%m}"])
                if row["is_latest"]
                else None
            ),
        ),
        Column(name="number", title=_("Number"), minor_on_phone=True),
        Column(name="opening_minor", title=_("Owed before"), kind="minor", minor_on_phone=True),
        Column(name="charged_minor", title=_("Charged"), kind="minor"),
        Column(name="recalculated_minor", title=_("Recalculated"), kind="minor", minor_on_phone=True),
        Column(name="penalty_minor", title=_("Penalties"), kind="minor", minor_on_phone=True),
        Column(name="written_off_minor", title=_("Written off"), kind="minor", minor_on_phone=True),
        Column(name="paid_minor", title=_("Paid"), kind="minor", minor_on_phone=True),
        Column(name="total_minor", title=_("To pay"), kind="minor"),
        Column(name="due_on", title=_("Pay by"), kind="day", minor_on_phone=True),
        Column(name="issued_on", title=_("Issued on"), kind="day", minor_on_phone=True),
    ]
    listing = Listing(bills_of(account_id=head.account_id), columns, request.GET, default_sort="-period")
    charged = months_charged(account_id=head.account_id)
    return _listed_tab(
        request,
        head,
        listing,
        tab="bills",
        file_name=f"bills-{number}",
        issuable=charged[0].period if charged else None,
    )


def origin_words(row: dict[str, Any]) -> str:
    """Name what brought an entry about: a run, a file, a person."""
    origin, _colon, what = str(row["origin"]).partition(":")
    words = {
        "run": gettext("run № %(no)s") % {"no": what},
        "import": gettext("import: %(what)s") % {"what": what},
        "payments": gettext("file № %(no)s") % {"no": what.partition(":")[0]},
        "subsidies": gettext("subsidies, registry № %(no)s") % {"no": what.partition(":")[0]},
        "penalties": gettext("Penalties, run № %(no)s") % {"no": what.partition(":")[0]},
        "payment": gettext("payment"),
        "refund": gettext("refund"),
        "transfer": gettext("transfer"),
        "write_off": gettext("written off"),
    }
    return words.get(origin, str(row["origin"]))


def origin_address(row: dict[str, Any], behind: dict[int, int]) -> str | None:
    """Where an entry leads: its run, or the payment it is about."""
    if row["origin"].startswith("run:"):
        return reverse("office:run", args=[row["origin"][4:]])
    if row["origin"].startswith("penalties:"):
        return reverse("office:penalty_run", args=[row["origin"].split(":")[1]])
    payment_id = behind.get(row["batch_id"])
    return reverse("office:payment", args=[payment_id]) if payment_id else None


def _usage_chart(head: AccountHead) -> dict[str, Any]:
    """Thirteen months of what the meters counted, as the readings tell it."""
    last = Month.of(timezone.localdate())
    rows = usage_by_readings(premise_id=head.premise_id, first=last.shift(-12))
    usage = [{**row, "service": Service.ELECTRICITY} for row in rows]
    return consumption(usage, first=last.shift(-12), last=last)


def _listed_tab(
    request: HttpRequest, head: AccountHead, listing: Listing, *, tab: str, file_name: str, **more: Any
) -> HttpResponse:
    context = {**more, **({"head": head, "tab": tab} if request.htmx else tab_frame(request, head, tab))}
    return listed(request, listing, file_name=file_name, page=CARD, context=context)


def tab_page(
    request: HttpRequest, head: AccountHead, *, tab: str, part: str, context: dict[str, Any]
) -> HttpResponse:
    """Answer with the account card around one of its tabs, or the tab alone."""
    frame = {} if request.htmx else tab_frame(request, head, tab)
    return page_or_part(request, page=CARD, part=part, context={**frame, **context, "head": head})


def tab_frame(request: HttpRequest, head: AccountHead, tab: str) -> dict[str, Any]:
    """Everything of the card around its tab."""
    today = timezone.localdate()
    charged = months_charged(account_id=head.account_id)
    last = Month.of(charged[0].period if charged else today)
    first = last.shift(-12)
    return {
        "head": head,
        "tab": tab,
        "today": today,
        "is_open": head.is_open(on=today),
        "entered": request.session.pop("entered", None),
        "settled": request.session.pop("settled", None),
        "waiting": waiting_words(
            waiting_of_premise(premise_id=head.premise_id, building_id=head.building_id)
        ),
        "balance_minor": balance_minor(account_id=head.account_id),
        "meters": meters_of_premise(premise_id=head.premise_id, on=today),
        "chart": consumption(
            usage_by_month(account_id=head.account_id, since=first.first_day),
            first=first,
            last=last,
        ),
    }
