"""The process that reads a workbook: within a memory limit, into a file of columns; its output is the sheet's name."""

import resource
import sys


def main(source: str, target: str, most_bytes: int) -> int:
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import fastexcel  # under the limit
    import polars as pl

    from abonent.gateways.spreadsheets.table import named
    from abonent.gateways.spreadsheets.workbook import NO_SHEET, REFUSED

    try:
        book = fastexcel.read_excel(source)
        for name in book.sheet_names:
            sheet = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string")
            if sheet.visible == "visible" and sheet.height and sheet.width:
                frame = named(pl.DataFrame(sheet))
                frame.write_ipc(target)
                sys.stdout.write(name)
                return 0
    except fastexcel.FastExcelError as error:
        sys.stdout.write(str(error).splitlines()[0])
        return REFUSED
    return NO_SHEET


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
