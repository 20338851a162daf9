"""Export to accounting: what it comes to beside the ledger, and the file."""

import tempfile
from contextlib import suppress
from pathlib import Path

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from abonent.interfaces.office.accounting_forms import ExportForm
from abonent.interfaces.office.roles import APPROVERS, allow
from abonent.usecases import accounting_export


@allow(*APPROVERS)
def screen(request: HttpRequest) -> HttpResponse:
    """What of a month would be exported, and that it ties to the ledger."""
    form = ExportForm(request.GET)
    found = None
    if (wanted := form.wanted()) is not None:
        with suppress(accounting_export.NothingToExport):
            found = accounting_export.gather(wanted)
    context = {
        "form": form,
        "found": found,
        "totals": found.totals if found else None,
        "is_asked": wanted is not None,
    }
    return render(request, "office/accounting/export.html", context)


@allow(*APPROVERS)
def file(request: HttpRequest) -> HttpResponse:
    """The file. Raises Http404 for what is not understood or when there is nothing."""
    wanted = ExportForm(request.GET).wanted()
    if wanted is None:
        raise Http404
    with tempfile.TemporaryDirectory(prefix="abonent-accounting-") as folder:
        path = Path(folder) / "export.xml"
        try:
            accounting_export.write(wanted=wanted, path=path, at=timezone.localtime())
        except accounting_export.NothingToExport as error:
            raise Http404 from error
        # an open file outlives its folder
        return FileResponse(
            path.open("rb"),
            as_attachment=True,
            filename=f"accounting-{wanted.month}.xml",
            content_type="application/xml",
        )
