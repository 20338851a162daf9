"""What may go wrong with a register, brought about on purpose: a word in a file beside the register's own.

`desk.jsonl.fault` holding "offline" or "out_of_paper" keeps the register so until the file is gone; "answer_lost"
lets the next document be printed and its answer vanish, once. Works across processes, so that the office can be tried
with a register that fails.
"""

from dataclasses import dataclass
from pathlib import Path

from abonent.gateways.fiscal.port import AnswerLost, Offline, OutOfPaper


@dataclass(frozen=True)
class Faults:
    """The faults of the register that keeps this file."""

    register: Path

    @property
    def path(self) -> Path:
        return self.register.with_name(self.register.name + ".fault")

    def set(self, word: str) -> None:
        """Bring about a fault."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(word, encoding="utf-8")

    def clear(self) -> None:
        self.path.unlink(missing_ok=True)

    def _word(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return ""

    def before(self) -> None:
        """Raise what keeps the register from doing anything."""
        match self._word():
            case "offline":
                raise Offline("the register does not answer")
            case "out_of_paper":
                raise OutOfPaper("the register has no paper")

    def after(self) -> None:
        """Raise what happens once a document is printed."""
        if self._word() == "answer_lost":
            self.clear()
            raise AnswerLost("the answer of the register was lost")
