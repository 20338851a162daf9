"""Refusals of runs and periods in words for the office: why, and what to do next."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from abonent.contexts.charging.operations import PeriodRefused
from abonent.kernel.periods import Month
from abonent.usecases import billing_run


def _month(month: Month) -> str:
    return f"{month.month:02}.{month.year}"


def _numbers(run_ids: list[int]) -> str:
    return ", ".join(f"№ {run_id}" for run_id in run_ids)


def tell_run(refusal: billing_run.RunRefused) -> str:
    """Say why a run was refused and what to do next."""
    match refusal:
        case billing_run.PeriodClosed(open_period=None):
            return _("%(month)s is closed and takes no new lines. Open a month and book there.") % {
                "month": _month(refusal.period)
            }
        case billing_run.PeriodClosed(open_period=Month() as opened):
            return _(
                "%(month)s is closed and takes no new lines. Book the difference in %(open)s: choose it in the field "
                "“Book in”."
            ) % {"month": _month(refusal.period), "open": _month(opened)}
        case billing_run.PeriodUnknown():
            return _("%(month)s has not been opened. Open it among the periods.") % {
                "month": _month(refusal.period)
            }
        case billing_run.ScopeBusy():
            runs = _numbers(refusal.run_ids)
            return ngettext(
                "Run %(runs)s already works on some of these buildings for %(month)s. Approve or discard it first.",
                "Runs %(runs)s already work on some of these buildings for %(month)s. Approve or discard them first.",
                len(refusal.run_ids),
            ) % {"runs": runs, "month": _month(refusal.period)}
        case billing_run.NothingWaits():
            return _("Nothing waits here to be rated again, or other runs are at work on it.")
        case billing_run.NothingToBill():
            return _("No account here has a service in this month. Choose another month or other accounts.")
        case billing_run.Overlaid():
            return _("Lines of this run were corrected by %(runs)s. Cancel the later run first.") % {
                "runs": _numbers(refusal.later)
            }
        case billing_run.ReadingsCameIn():
            return ngettext(
                "%(count)d reading came in after the run was rated. Rate it again, then approve it.",
                "%(count)d readings came in after the run was rated. Rate it again, then approve it.",
                refusal.count,
            ) % {"count": refusal.count}
        case billing_run.WrongState():
            return _("The run has moved on meanwhile. Look at its state now and decide again.")
        case _:
            return str(refusal)


def tell_period(refusal: PeriodRefused) -> str:
    """Say why a period was not opened or closed and what to do next."""
    month = _month(refusal.month)
    match refusal.code:
        case "known":
            return _("%(month)s is open already.") % {"month": month}
        case "busy":
            return _("Something is being booked just now. Try again in a minute.")
        case "runs_open":
            return _("%(month)s has runs that are not finished: %(runs)s. Approve or discard them first.") % {
                "month": month,
                "runs": _numbers(refusal.run_ids),
            }
        case _:
            return _("%(month)s is not open.") % {"month": month}
