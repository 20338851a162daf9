"""A file of bills made in the background: bills not yet issued are issued first, then all are printed into one PDF.

The file lies in the data folder under the number of the print. A print that was killed is simply made again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from abonent.contexts.charging.models import BillPrint, PrintState
from abonent.gateways.home import ensure_home
from abonent.kernel.periods import Month
from abonent.usecases import issue_bills, packs, print_bills
from abonent.usecases.billing_run import Scope

_TELL_EVERY = timedelta(seconds=0.5)


def create(*, scope: Scope, period: Month, actor_id: int | None, at: datetime) -> int:
    """Note that the bills of a scope are wanted in one file; return the number of the print."""
    return BillPrint.objects.create(
        supplier_id=scope.supplier_id,
        branch_id=scope.branch_id,
        building_id=scope.building_id,
        account_id=scope.account_id,
        period=period.first_day,
        created_by_id=actor_id,
        created_at=at,
    ).pk


def file_of(print_id: int) -> Path:
    """Return where the file of a print lies once it is printed."""
    return ensure_home() / "prints" / f"{print_id}.pdf"


def run(print_id: int, *, clock: Callable[[], datetime]) -> None:
    """Issue and print. A refusal stays with the print in words; so does a failure, which is raised as well."""
    job = BillPrint.objects.get(pk=print_id)
    begun = told = clock()
    _note(print_id, state=PrintState.PRINTING, started_at=begun, bills=0, pages=0, error="")
    scope = Scope(job.supplier_id, job.branch_id, job.building_id, job.account_id)
    period = Month.of(job.period)
    file_of(print_id).parent.mkdir(mode=0o700, exist_ok=True)
    try:
        issue_bills.issue(scope=scope, period=period, parameters=packs.pack_parameters(), at=begun)
        for now in print_bills.print_bills(
            scope=scope, month=period, output=file_of(print_id), printed_on=localdate(begun)
        ):
            if now.finished or clock() - told >= _TELL_EVERY:
                told = clock()
                _note(
                    print_id,
                    bills=now.bills,
                    bills_total=now.bills_total,
                    pages=now.pages,
                    total_minor=now.total_minor,
                )
    except (issue_bills.NothingPosted, print_bills.PrintRefused) as refusal:
        _note(print_id, state=PrintState.FAILED, error=tell(refusal), finished_at=clock())
    except Exception:
        _note(
            print_id,
            state=PrintState.FAILED,
            error=_("Printing failed; the server's log says why. Try again."),
            finished_at=clock(),
        )
        raise
    else:
        _note(print_id, state=PrintState.PRINTED, finished_at=clock())


def tell(refusal: issue_bills.NothingPosted | print_bills.PrintRefused) -> str:
    """Say why bills are not printed and what to do next."""
    match refusal:
        case issue_bills.NothingPosted(period=period):
            return _("Nothing is charged here for %(month)s. Make a run and approve it first.") % {
                "month": f"{period.month:02}.{period.year}"
            }
        case print_bills.NoBills(month=month):
            return _("No bills are issued here for %(month)s. Issue them first.") % {
                "month": f"{month.month:02}.{month.year}"
            }
        case print_bills.BillsOutOfDate():
            return _("Something was booked after the bill was issued. Issue it again, then print it.")
        case _:
            return str(refusal)


def _note(print_id: int, **values: object) -> None:
    BillPrint.objects.filter(pk=print_id).update(**values)
