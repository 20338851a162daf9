"""Typst: documents into PDF, one by one or thousands in a file.

What is printed is told by a sheet, any object with the members of `Sheet`; packs have them and need not know this
module. A big print is cut into chunks, each one compilation in a process of its own, and the chunks are joined.
"""

import json
import os
import re
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

import pypdfium2
import typst

from abonent.gateways.qr import qr_png

# Big enough for the fonts, embedded once a chunk, to weigh little; small enough for memory and for even progress.
CHUNK_DOCUMENTS = 100
_FONTS = Path(__file__).with_name("fonts")
# Typst forgets what it remembers of a page after so many further compilations (tested against its memory).
_COMPILATIONS_TO_FORGET = 12
_TRAILER_BYTES = 1024
_SAVING_MARK = re.compile(rb"<([0-9A-F]{32})>\]>>\s*startxref")


class TypesettingError(Exception):
    """A document could not be set; the text is Typst's own."""


class Sheet(Protocol):
    """How documents of one kind are printed."""

    @property
    def template(self) -> Path:
        """The Typst file. It reads "data.json" (title, author, shared, pages) and "codes.bin"."""

    @property
    def title(self) -> str:
        """The title in the file's properties."""

    @property
    def shared(self) -> Mapping[str, Any]:
        """What all pages have in common, as JSON."""

    def page(self, document: Any, /) -> dict[str, Any]:
        """One document, as JSON. The text under "qr" becomes the place of its picture in "codes.bin"."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a print is; `finished` once the file stands in its place."""

    documents: int
    pages: int
    finished: bool = False


# Given the pages of each document in order, returns the sheet and the document to lay on top.
CoverMaker = Callable[[Sequence[int]], tuple[Sheet, Any]]


def render(
    document: Any, /, *, sheet: Sheet, created_on: date, author: str = "", tagged: bool = True
) -> bytes:
    """Return one document as PDF, by default tagged, so that it can be read aloud.

    The same document gives the same bytes. Raises TypesettingError.
    """
    job = _Job.of(sheet, [sheet.page(document)], created_on=created_on, author=author, tagged=tagged)
    return job.compile()


def render_many(
    documents: Iterable[Any],
    /,
    *,
    sheet: Sheet,
    output: Path,
    created_on: date,
    author: str = "",
    cover: CoverMaker | None = None,
    processes: int | None = None,
    chunk_documents: int = CHUNK_DOCUMENTS,
) -> Iterator[Progress]:
    """Print documents in their order into one file, with a cover on top; yield progress after each chunk.

    Nothing is printed unless the iterator is followed to its end, and the file appears only then, whole.
    One chunk is set in this process; more by `processes` others (as many as there are cores).
    Raises TypesettingError, also for no documents and no cover, and whatever the documents or the sheet raise.
    """
    with tempfile.TemporaryDirectory(prefix=".printing-", dir=output.parent) as folder:
        jobs = (
            _Job.of(sheet, [sheet.page(document) for document in chunk], created_on=created_on, author=author)
            for chunk in _chunks(documents, chunk_documents)
        )
        pages: list[int] = []
        parts: list[Path] = []
        for pdf, pages_of in _printed(jobs, processes or os.cpu_count() or 1):
            parts.append(Path(folder) / f"{len(parts)}.pdf")
            parts[-1].write_bytes(pdf)
            pages += pages_of
            yield Progress(documents=len(pages), pages=sum(pages))
        if cover is not None:
            cover_sheet, cover_document = cover(pages)
            front = render(
                cover_document, sheet=cover_sheet, created_on=created_on, author=author, tagged=False
            )
            parts.insert(0, Path(folder) / "cover.pdf")
            parts[0].write_bytes(front)
        if not parts:
            raise TypesettingError("there is nothing to print")
        whole = Path(folder) / "whole.pdf"
        _join(parts, whole)
        whole.replace(output)
    yield Progress(documents=len(pages), pages=sum(pages), finished=True)


@dataclass(frozen=True, slots=True)
class _Job:
    """One compilation: plain data, cheap to send to another process."""

    template: Path
    title: str
    author: str
    shared: Mapping[str, Any]
    pages: list[dict[str, Any]]
    created_on: date
    tagged: bool

    @classmethod
    def of(
        cls, sheet: Sheet, pages: list[dict[str, Any]], *, created_on: date, author: str, tagged: bool = False
    ) -> "_Job":
        return cls(sheet.template, sheet.title, author, sheet.shared, pages, created_on, tagged)

    def compile(self) -> bytes:
        codes = bytearray()
        pages = []
        for page in self.pages:
            if "qr" in page:
                picture = qr_png(page["qr"])
                page = page | {"qr": (len(codes), len(codes) + len(picture))}
                codes += picture
            pages.append(page)
        data = {"title": self.title, "author": self.author, "shared": self.shared, "pages": pages}
        with tempfile.TemporaryDirectory(prefix="abonent-typst-") as folder:
            root = Path(folder)
            (root / "main.typ").write_bytes(self.template.read_bytes())
            (root / "data.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
            (root / "codes.bin").write_bytes(codes)
            compiler = typst.Compiler(root / "main.typ", root=root, font_paths=_fonts())
            midnight = datetime.combine(self.created_on, time(), UTC)
            try:
                pdf = compiler.compile(format="pdf", timestamp=midnight, pdf_tags=self.tagged)
            except typst.TypstError as error:
                raise TypesettingError(f"{self.template.name}: {error}") from error
        if not isinstance(pdf, bytes):
            raise TypesettingError(f"{self.template.name}: Typst returned no file")
        return pdf

    def print(self) -> tuple[bytes, list[int]]:
        """Return the PDF and the pages of each document."""
        pdf = self.compile()
        count = _page_count(pdf)
        if count == len(self.pages):
            return pdf, [1] * count
        # Some document flowed over: set each alone to tell which.
        return pdf, [_page_count(replace(self, pages=[page]).compile()) for page in self.pages]


def _chunks(documents: Iterable[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(documents)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _printed(jobs: Iterator[_Job], processes: int) -> Iterator[tuple[bytes, list[int]]]:
    """Compile the jobs and yield the results in the order of the jobs."""
    first = list(islice(jobs, 2))
    if len(first) < 2:
        yield from (job.print() for job in first)
        return
    if processes == 1:
        yield from (_print_and_forget(job) for job in chain(first, jobs))
        return
    # Spawned, not forked: the caller may hold threads and database connections.
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_use_one_core)
    try:
        running: deque[Future[tuple[bytes, list[int]]]] = deque()
        for job in chain(first, jobs):
            running.append(pool.submit(_print_and_forget, job))
            if len(running) > processes + 1:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _use_one_core() -> None:
    # Read by Typst's thread pool when it first starts; the other cores have processes of their own.
    os.environ["RAYON_NUM_THREADS"] = "1"


def _print_and_forget(job: _Job) -> tuple[bytes, list[int]]:
    """Print, then let Typst drop what it remembers of these pages: a megabyte each, and none comes twice."""
    printed = job.print()
    nothing = typst.Compiler(b"#h(0pt)", font_paths=_fonts())
    for _ in range(_COMPILATIONS_TO_FORGET):
        nothing.compile(input=b"#h(0pt)", format="svg")
    return printed


def _join(parts: Sequence[Path], whole: Path) -> None:
    """Add the other parts to the first, whose title and date the file keeps."""
    with pypdfium2.PdfDocument(parts[0]) as joined:
        for part in parts[1:]:
            with pypdfium2.PdfDocument(part) as pages:
                joined.import_pages(pages)
        joined.save(whole)
    # PDFium marks each saving with a random number in the trailer; without it, equal prints are equal files.
    with whole.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(max(end - _TRAILER_BYTES, 0))
        start = file.tell()
        if mark := _SAVING_MARK.search(file.read()):
            file.seek(start + mark.start(1))
            file.write(b"0" * 32)


def _page_count(pdf: bytes) -> int:
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FONTS])
