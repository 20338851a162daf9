"""Files that are looked at before they are taken in: kept in between, and their errors as a spreadsheet."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter
from django.http import FileResponse, Http404
from django.utils.translation import gettext as _

from abonent.interfaces.office.benefit_forms import FileForm
from abonent.usecases.benefits.tables import RowError, keep, kept
from abonent.usecases.benefits.words import field_name, tell_holder


@dataclass(frozen=True)
class KeptFile:
    path: Path
    name: str

    @property
    def key(self) -> str:
        return self.path.name


def keep_upload(form: FileForm) -> KeptFile:
    """Keep the file that was sent, or find the one that was looked at before. Raises Http404."""
    if sent := form.cleaned_data["file"]:
        return KeptFile(keep(sent.read(), name=sent.name), sent.name)
    path = kept(form.cleaned_data["key"])
    if path is None:
        raise Http404
    return KeptFile(path, form.cleaned_data["file_name"] or path.name)


def errors_file(name: str, errors: Sequence[RowError]) -> FileResponse:
    """Answer with what is wrong: file, row, field, what stands there, why."""
    scratch = tempfile.TemporaryFile(suffix=".xlsx")  # noqa: SIM115 – closed by the response
    book = xlsxwriter.Workbook(scratch, {"constant_memory": True})
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True, "bottom": 1})
    for place, (title, width) in enumerate(
        ((_("File"), 24), (_("Row"), 8), (_("Field"), 20), (_("What stands there"), 32), (_("Reason"), 60))
    ):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, bold)
    for number, error in enumerate(errors, start=1):
        sheet.write_string(number, 0, name)
        sheet.write_number(number, 1, error.row)
        sheet.write_string(number, 2, field_name(error.field))
        sheet.write_string(number, 3, error.text)
        sheet.write_string(number, 4, tell_holder(error.code))
    book.close()
    scratch.seek(0)
    return FileResponse(scratch, as_attachment=True, filename=f"{Path(name).stem}-errors.xlsx")
