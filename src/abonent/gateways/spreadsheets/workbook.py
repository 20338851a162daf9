"""Excel workbooks, read in a process of its own: a hostile or broken file ends that process, not ours."""

import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

import polars as pl

from abonent.gateways.spreadsheets.table import BadTable, Table

MOST_UNPACKED_BYTES = 1 << 30
_MOST_PARTS = 2_000
_CHUNK = 1 << 20
_MOST_MEMORY_BYTES = 4 << 30
_MOST_SECONDS = 300
REFUSED, NO_SHEET = 3, 4  # how the process ends that reads


def read(path: Path, *, kind: str) -> Table:
    """Read the first sheet that is to be seen. Raises BadTable."""
    if kind == "xlsx":
        check_archive(path)
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "table.arrow"
        try:
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    f"{__package__}.workbook_process",
                    path,
                    found,
                    str(_MOST_MEMORY_BYTES),
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_MOST_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise BadTable("too_much_memory") from error
        if done.returncode == REFUSED:
            raise BadTable("damaged", cause=done.stdout.decode(errors="replace").strip())
        if done.returncode == NO_SHEET:
            raise BadTable("no_sheet")
        if done.returncode:  # it ran out of the memory it was given
            raise BadTable("too_much_memory")
        frame = pl.read_ipc(found.read_bytes())
    return Table(kind, frame, sheet=done.stdout.decode())


def check_archive(path: Path) -> int:
    """Unpack every part without keeping it; return the bytes unpacked.

    Raises BadTable: damaged for a cut or changed file, bomb for one that unpacks to more than any table.
    """
    total = 0
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED_BYTES:
                raise BadTable("bomb", most=MOST_UNPACKED_BYTES >> 20)
            if "xl/workbook.xml" not in {part.filename for part in parts}:
                raise BadTable("damaged", cause="there is no workbook in the archive")
            for part in parts:
                with archive.open(part) as content:
                    while chunk := content.read(_CHUNK):
                        total += len(chunk)
                        if total > MOST_UNPACKED_BYTES:
                            raise BadTable("bomb", most=MOST_UNPACKED_BYTES >> 20)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        OSError,
        RuntimeError,
        ValueError,
    ) as error:
        if isinstance(error, BadTable):
            raise
        raise BadTable("damaged", cause=str(error) or "the archive is cut off") from error
    return total
