"""A fiscal register kept in a file: it writes documents for good, one JSON line each, and survives whatever happens.

For trying out, for tests, and as the model of what a real one must do. A document is in the file and on the disk before
it is answered. Each fiscal sign (1077) is made of the document and the sign before it, so that a changed line is
noticed. A line torn by a power cut was never answered: it is cut off, and the request is printed when it is sent again.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import Any

from abonent.gateways.fiscal.faults import Faults
from abonent.gateways.fiscal.port import (
    LONGEST_SHIFT,
    Document,
    OutOfPaper,
    RegisterDamaged,
    RegisterRefused,
    RegisterState,
)

FFD_1_2 = 4
# forms of fiscal documents: table 2 of the order
REGISTRATION, SHIFT_OPENED, RECEIPT, SHIFT_CLOSED, CORRECTION = 1, 2, 3, 5, 31
INCOME, RETURN_OF_INCOME = 1, 2
_PAID_WITH = ("1031", "1081", "1215", "1216", "1217")


@dataclass
class _Memory:
    """What was read of the file so far."""

    offset: int = 0
    sign: int = 0
    documents: int = 0
    answers: dict[str, Document] = field(default_factory=dict)
    shift: int = 0
    shift_key: str = ""
    shift_opened_at: datetime | None = None
    first_document: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def take_in(self, line: Mapping[str, Any]) -> None:
        tags = line["tags"]
        self.documents, self.sign = tags["1040"], tags["1077"]
        self.answers[line["key"]] = tags
        match line["form"]:
            case 2:
                self.shift, self.shift_key = tags["1038"], line["key"]
                self.shift_opened_at = datetime.fromisoformat(line["at"])
                self.first_document, self.counts = tags["1040"], Counter()
            case 3 | 31:
                kind = tags["1054"]
                self.counts.update(
                    {
                        "receipts": 1,
                        f"{kind}": 1,
                        f"{kind}:sum": tags["1020"],
                        f"{kind}:cash": tags["1031"],
                        f"{kind}:card": tags["1081"],
                    }
                )
            case 5:
                self.shift_key, self.shift_opened_at = "", None


@dataclass
class _Shared:
    """What the threads of a process share of one file."""

    lock: Lock = field(default_factory=Lock)
    memory: _Memory = field(default_factory=_Memory)


_files: dict[Path, _Shared] = {}
_files_lock = Lock()


@dataclass(frozen=True, kw_only=True)
class FileRegister:
    """See `port.FiscalRegister`. `registration` and `storage`: the numbers of the register and of its storage."""

    path: Path
    registration: str
    storage: str

    def state(self) -> RegisterState:
        """Return how the register stands. Raises RegisterUnavailable."""
        with self._opened() as (_file, memory):
            return RegisterState(
                memory.documents,
                memory.shift,
                memory.shift_key,
                memory.shift_opened_at,
                memory.counts["receipts"] if memory.shift_key else 0,
            )

    def answer(self, key: str, /) -> Document | None:
        """Return what was printed for a key, or None. Raises RegisterUnavailable."""
        with self._opened() as (_file, memory):
            return memory.answers.get(key)

    def open_shift(self, *, key: str, tags: Mapping[str, Any], at: datetime) -> Document:
        """Open a shift. Raises RegisterRefused: `shift_open`."""
        with self._opened() as (file, memory):
            if key in memory.answers:
                return memory.answers[key]
            if memory.shift_key:
                raise RegisterRefused("shift_open", f"shift {memory.shift}")
            if not memory.documents:
                self._append(file, memory, REGISTRATION, "registration", {"1062": 1}, at)
            own = {"1038": memory.shift + 1}
            return self._append(file, memory, SHIFT_OPENED, key, {**tags, **own}, at)

    def print_receipt(self, *, key: str, tags: Mapping[str, Any], at: datetime) -> Document:
        """Print a receipt. Raises RegisterRefused: `shift_closed`, `shift_expired`, `wrong_sum`, `bad_document`."""
        with self._opened() as (file, memory):
            if key in memory.answers:
                return memory.answers[key]
            if not memory.shift_key or memory.shift_opened_at is None:
                raise RegisterRefused("shift_closed")
            if at - memory.shift_opened_at >= LONGEST_SHIFT:
                raise RegisterRefused("shift_expired", f"shift {memory.shift}")
            _check_receipt(tags)
            own = {"1038": memory.shift, "1042": memory.counts["receipts"] + 1}
            form = CORRECTION if "1173" in tags else RECEIPT
            return self._append(file, memory, form, key, {**tags, **own}, at)

    def close_shift(self, *, key: str, tags: Mapping[str, Any], at: datetime) -> Document:
        """Close the shift. Raises RegisterRefused: `shift_closed`."""
        with self._opened() as (file, memory):
            if key in memory.answers:
                return memory.answers[key]
            if not memory.shift_key:
                raise RegisterRefused("shift_closed")
            counts = memory.counts
            own: Document = {
                "1038": memory.shift,
                "1118": counts["receipts"],
                "1111": memory.documents - memory.first_document + 2,
                "1194": {
                    tag: {
                        "1135": counts[f"{kind}"],
                        "1201": counts[f"{kind}:sum"],
                        "1136": counts[f"{kind}:cash"],
                        "1138": counts[f"{kind}:card"],
                    }
                    for tag, kind in (("1129", INCOME), ("1130", RETURN_OF_INCOME))
                },
            }
            return self._append(file, memory, SHIFT_CLOSED, key, {**tags, **own}, at)

    @contextmanager
    def _opened(self) -> Iterator[tuple[FileIO, _Memory]]:
        """Hold the file against every other process and thread, with all that is in it read."""
        faults = Faults(self.path)
        faults.before()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with _files_lock:
            shared = _files.setdefault(self.path, _Shared())
        with shared.lock, self.path.open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.fstat(file.fileno()).st_size < shared.memory.offset:  # another file stands in its place
                shared.memory = _Memory()
            memory = shared.memory
            self._read(file, memory)
            printed = memory.documents
            yield file, memory
            if memory.documents > printed:
                faults.after()

    def _read(self, file: FileIO, memory: _Memory) -> None:
        """Take in what was written since, by whatever process; cut a torn end off."""
        file.seek(memory.offset)
        for number, raw in enumerate(file.readall().splitlines(keepends=True), start=1):
            if not raw.endswith(b"\n"):
                file.truncate(memory.offset)  # torn, and therefore never answered
                return
            try:
                line = json.loads(raw)
                right = line["tags"]["1077"] == _sign(memory.sign, line["tags"])
            except (ValueError, KeyError, TypeError) as error:
                raise RegisterDamaged(f"{self.path.name}: line {number} cannot be read") from error
            if not right:
                raise RegisterDamaged(f"{self.path.name}: line {number} was changed")
            memory.take_in(line)
            memory.offset += len(raw)

    def _append(
        self, file: FileIO, memory: _Memory, form: int, key: str, tags: Mapping[str, Any], at: datetime
    ) -> Document:
        """Write a document and wait until it is on the disk."""
        document: Document = {
            **tags,
            "1012": at.isoformat(timespec="seconds"),
            "1037": self.registration,
            "1040": memory.documents + 1,
            "1041": self.storage,
            "1209": FFD_1_2,
        }
        document["1077"] = _sign(memory.sign, document)
        line = {"form": form, "key": key, "at": at.isoformat(), "tags": document}
        raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            if file.write(raw) != len(raw):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(file.fileno())
            if not memory.documents:
                _sync_folder(self.path.parent)
        except OSError as error:
            raise OutOfPaper(f"{self.path.name}: {error.strerror}") from error
        memory.take_in(line)
        memory.offset += len(raw)
        return document


def _sign(previous: int, tags: Mapping[str, Any]) -> int:
    """Return the fiscal sign: ten digits at most, made of the document and the sign before."""
    plain = {tag: value for tag, value in tags.items() if tag != "1077"}
    text = json.dumps([previous, plain], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def _check_receipt(tags: Mapping[str, Any]) -> None:
    try:
        items = [(item["1043"], item["1079"], item["1023"], item["1030"]) for item in tags["1059"]]
        total, paid = tags["1020"], sum(tags[tag] for tag in _PAID_WITH)
        kind = tags["1054"]
    except KeyError as error:
        raise RegisterRefused("bad_document", f"no tag {error.args[0]}") from None
    if kind not in (INCOME, RETURN_OF_INCOME) or not items:
        raise RegisterRefused("bad_document", f"kind {kind}, {len(items)} items")
    if any(cost <= 0 or not name for cost, _price, _quantity, name in items):
        raise RegisterRefused("bad_document", "an item without a name or a cost")
    if sum(cost for cost, *_rest in items) != total or paid != total:
        raise RegisterRefused("wrong_sum", f"{total} kopecks, paid {paid}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
