"""What a charge line was made of, in plain words with its numbers, in Russian, Ukrainian or English.

The words are in `words.yaml`. A line says what its `because` holds, so an explanation never disagrees with what was
charged, whatever has changed since. Every function raises ValueError for a language that is not spoken here.
"""

from abonent.engine import registry
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.packs.ru.explanations.model import Building, Figure, Line, Posting, Register, Told
from abonent.packs.ru.explanations.rules import tell_line, title_of
from abonent.packs.ru.explanations.speech import LANGUAGES, Speech, day_of

__all__ = [
    "LANGUAGES",
    "Building",
    "Figure",
    "Line",
    "Posting",
    "Register",
    "Told",
    "day_of",
    "message",
    "reason_text",
    "tell",
    "tell_later_taken_back",
    "tell_recalculated",
    "tell_taken_back",
]


def tell(
    line: Line,
    /,
    *,
    language: str,
    parameters: ParameterSet,
    register: Register | None = None,
    building: Building | None = None,
    price_act: str = "",
) -> Told:
    """Explain a line. Raises KeyError for a rule that is not of this pack."""
    return tell_line(
        line,
        Speech(language),
        parameters=parameters,
        register=register,
        building=building,
        price_act=price_act,
    )


def tell_taken_back(line: Line, posting: Posting, /, *, language: str) -> Told:
    """Explain a line that takes an earlier one back."""
    say = Speech(language)
    sentence = say.sentence(
        "taken_back",
        amount=say.money(line.amount_minor),
        reason=say.reason(posting.reason),
        run=posting.run_id,
    )
    title = say.word("title", "taken_back").format(title=title_of(line, say))
    return Told(title=title, sentences=(sentence,), act=registry.rule(line.rule).act)


def tell_recalculated(month: Month, posting: Posting, /, *, language: str) -> str:
    """Say that a line is a recalculation: for which month, booked when and why."""
    say = Speech(language)
    return say.sentence(
        "recalculated",
        month=say.month(month),
        booked=say.month(posting.booked),
        reason=say.reason(posting.reason),
        run=posting.run_id,
    )


def tell_later_taken_back(run_id: int, /, *, language: str) -> str:
    """Say that a line does not stand any more, and by which run."""
    return Speech(language).sentence("later_taken_back", run=run_id)


def reason_text(reason: str, /, *, language: str) -> str:
    """Return the reason of a run in words: those the system gives are translated, a person's stay as written."""
    return Speech(language).reason(reason)


def message(name: str, /, *, month: Month, language: str, serials: str = "") -> str:
    """Return what a bill tells its payer: "parked", or that meters `serials` were charged by "average" or "norm"."""
    say = Speech(language)
    return say.word("message", name).format(month=say.month(month), serials=serials)
