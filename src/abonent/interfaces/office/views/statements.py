"""Statements of accounts and acts of reconciliation: on the screen, on paper, as spreadsheets."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from abonent.contexts.contracts.models import Account
from abonent.contexts.parties.models import Supplier
from abonent.contexts.parties.queries import supplier_id
from abonent.interfaces.office import formats
from abonent.interfaces.office.roles import STAFF, allow
from abonent.interfaces.office.statement_forms import StatementForm
from abonent.interfaces.office.views._acting import pdf
from abonent.interfaces.office.views.account_acts import account_of
from abonent.usecases import statements
from abonent.usecases.reports import figures
from abonent.usecases.statements import Written

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# as acts are: what goes to a court or to the other side is Russian, whatever language the office speaks
_PAPER_LANGUAGE = "ru"


@allow(*STAFF)
def statement(request: HttpRequest, number: str) -> HttpResponse:
    """What was charged and paid on an account over some days, and which payment covers which month."""
    account = account_of(number)
    form = StatementForm(request.GET, today=timezone.localdate())
    return _screen(request, account, form, "account_statement", _maker(account, form))


@allow(*STAFF)
def statement_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The same to be signed (pdf), or as a spreadsheet (xlsx)."""
    account = account_of(number)
    form = StatementForm(request.GET, today=timezone.localdate())
    signatures = ["Ведущий расчёты", "Руководитель (уполномоченное лицо)"]
    return _file(form, kind, f"statement-{number}", _maker(account, form), signatures)


@allow(*STAFF)
def reconciliation(request: HttpRequest, number: str) -> HttpResponse:
    """The act of reconciliation with the payer, of this account or of all of the payer's."""
    account = account_of(number)
    form = _act_form(request, account)
    return _screen(request, account, form, "account_reconciliation", _act_maker(account, form))


@allow(*STAFF)
def reconciliation_file(request: HttpRequest, number: str, kind: str) -> HttpResponse:
    """The act to be signed by both sides, or as a spreadsheet."""
    account = account_of(number)
    form = _act_form(request, account)
    signatures = [
        f"От {Supplier.objects.get(pk=supplier_id()).short_name}",
        f"От {account.party.display_name}",
    ]
    return _file(form, kind, f"reconciliation-{number}", _act_maker(account, form), signatures)


Maker = Callable[[date, date], Written]


def _maker(account: Account, form: StatementForm) -> Maker:
    return lambda first, last: statements.statement(account=account, first=first, last=last)


def _act_maker(account: Account, form: StatementForm) -> Maker:
    def make(first: date, last: date) -> Written:
        accounts: Sequence[Account] = _of_payer(account) if form.is_of_payer else [account]
        ours = Supplier.objects.get(pk=supplier_id()).short_name
        return statements.reconciliation(accounts=accounts, ours=ours, first=first, last=last)

    return make


def _of_payer(account: Account) -> list[Account]:
    return list(Account.objects.filter(party_id=account.party_id).select_related("party").order_by("number"))


def _act_form(request: HttpRequest, account: Account) -> StatementForm:
    has_others = len(_of_payer(account)) > 1
    return StatementForm(request.GET, today=timezone.localdate(), has_others=has_others)


def _screen(
    request: HttpRequest, account: Account, form: StatementForm, name: str, make: Maker
) -> HttpResponse:
    days = form.days
    written = make(*days) if days else None
    is_act = name == "account_reconciliation"
    context: dict[str, Any] = {
        "account": account,
        "form": form,
        "title": _("Act of reconciliation") if is_act else _("Statement of account"),
        "path": reverse(f"office:{name}", args=[account.number]),
        "other": reverse(
            "office:account_statement" if is_act else "office:account_reconciliation", args=[account.number]
        ),
        "is_act": is_act,
        "written": written,
        "facts": [(title, _shown(value, kind)) for title, value, kind in written.facts] if written else [],
        "tables": [_on_screen(table) for table in written.tables] if written else [],
        "files": [
            (reverse(f"office:{name}_file", args=[account.number, kind]), kind, icon)
            for kind, icon in (("pdf", "file-type-pdf"), ("xlsx", "file-spreadsheet"))
        ],
    }
    return render(request, "office/statements/statement.html", context)


def _on_screen(table: Any) -> dict[str, Any]:
    """The table with its cells written, each beside its column."""
    return {
        "title": table.title,
        "columns": table.columns,
        "empty": table.empty,
        "rows": [
            [(column, _shown(value, column.kind)) for value, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ],
        "total": [
            (column, value if isinstance(value, str) else _shown(value, column.kind))
            for value, column in zip(table.total, table.columns, strict=bool(table.total))
        ],
    }


def _shown(value: Any, kind: str) -> str:
    return "" if value is None or value == "" else figures.shown(value, kind, language=formats.language())


def _file(form: StatementForm, kind: str, name: str, make: Maker, signatures: list[str]) -> HttpResponse:
    """Answer with the file. Raises Http404 for days that are not understood and for no such kind."""
    if kind not in ("pdf", "xlsx") or (days := form.days) is None:
        raise Http404
    name = f"{name}-{days[0]}-{days[1]}"
    supplier = Supplier.objects.get(pk=supplier_id())
    if kind == "xlsx":
        response = HttpResponse(statements.xlsx(make(*days), supplier=supplier), content_type=_XLSX)
        response["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
        return response
    with translation.override(_PAPER_LANGUAGE):
        paper = statements.pdf(
            make(*days),
            supplier=supplier,
            language=_PAPER_LANGUAGE,
            signatures=signatures,
            made_on=timezone.localdate(),
        )
    return pdf(paper, name=name)
