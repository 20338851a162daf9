"""What a scenario file expects: lines, totals, exceptions, balances of buildings."""

from abonent.kernel.money import parse_minor
from abonent.kernel.periods import Month
from abonent.kernel.quantities import parse_kwh, parse_price
from abonent.usecases.scenario_check import model
from abonent.usecases.scenario_check.nodes import Node
from abonent.usecases.scenario_check.words import BALANCE_METHODS, METHODS, SERVICES

BALANCE_KEYS = (
    "supplied",
    "nonliving",
    "norm",
    "metered",
    "heating",
    "common",
    "cap",
    "distributed",
    "unassigned",
    "executor",
    "negative",
    "unreturned",
    "carried_in",
    "carried",
    "true_up",
)
_ZONES = {name: name for name in model.ZONE_NAMES.values()}


def parse_expectations(
    node: Node | None, periods: tuple[Month, ...], buildings: tuple[model.Building, ...]
) -> tuple[model.Expectation, ...]:
    if node is None:
        return ()
    accounts = {
        holding.name
        for building in buildings
        for premise in building.premises
        for holding in premise.accounts
    }
    names = {building.name for building in buildings}
    found = []
    for item in node.items():
        concerns_building = isinstance(item.value, dict) and "building" in item.value
        booked = item.get("booked") is not None
        own = ("building", "balance") if concerns_building else ("account", "lines", "total", "compensation")
        when = ("booked",) if booked and not concerns_building else ("period", "exceptions")
        if not item.keys(*own, *when, required=own[:1]):
            continue
        found.append(
            model.Expectation(
                period=_period(item, periods, "booked" if booked else "period"),
                booked=booked,
                account=None if concerns_building else _one_of(item, "account", accounts),
                building=_one_of(item, "building", names) if concerns_building else None,
                lines=_lines(item.get("lines"), booked=booked),
                total_minor=total.figure(parse_minor, negative=True)
                if (total := item.get("total"))
                else None,
                compensation_minor=compensation.figure(parse_minor, negative=True)
                if (compensation := item.get("compensation"))
                else None,
                exceptions=_codes(item.get("exceptions")),
                balance=_balance(item.get("balance")),
            )
        )
    _refuse_doubles(node, found)
    return tuple(found)


def _period(item: Node, periods: tuple[Month, ...], key: str) -> Month:
    node = item.get(key)
    if node is None:
        if len(periods) > 1:
            item.refuse("it is needed where several months are billed", key="period")
        return periods[0] if periods else Month(2000, 1)
    if (month := node.month()) not in periods:
        node.refuse(f"{month} is not among the months billed")
    return month


def _one_of(item: Node, key: str, known: set[str]) -> str | None:
    if (node := item.get(key)) is None:
        return None
    name = node.text()
    if name not in known:
        node.refuse(f"there is no {key} {name} in this file")
    return name


def _codes(node: Node | None) -> tuple[str, ...]:
    return tuple(sorted(item.text(longest=40) for item in node.items())) if node else ()


def _lines(node: Node | None, *, booked: bool) -> tuple[model.ExpectedLine, ...] | None:
    return None if node is None else tuple(_line(item, booked) for item in node.items())


def _line(node: Node, booked: bool) -> model.ExpectedLine:
    keys = ("service", "method", "zone", "kwh", "price", "amount", "from", "until")
    node.keys(*keys, *(("period",) if booked else ()))

    def words(key: str, known: dict[str, str]) -> str | None:
        child = node.get(key)
        return child.choice(known) if child else None

    kwh, price, amount = node.get("kwh"), node.get("price"), node.get("amount")
    begins, ends = node.get("from"), node.get("until")
    period = node.get("period") if booked else None
    return model.ExpectedLine(
        service=words("service", {name: name for name in SERVICES.values()}),
        method=words("method", {name: name for name in METHODS.values()}),
        zone=words("zone", _ZONES),
        quantity_wh=kwh.figure(parse_kwh, negative=True) if kwh else None,
        price_e5=price.figure(parse_price) if price else None,
        amount_minor=amount.figure(parse_minor, negative=True) if amount else None,
        begins_on=begins.day() if begins else None,
        ends_on=ends.day() if ends else None,
        period=period.month() if period else None,
    )


def _balance(node: Node | None) -> dict[str, int | str] | None:
    if node is None or not node.keys("method", "residents", *BALANCE_KEYS):
        return None
    found: dict[str, int | str] = {}
    if method := node.get("method"):
        found["method"] = method.choice({name: name for name in BALANCE_METHODS.values()})
    if residents := node.get("residents"):
        found["residents"] = residents.whole(most=1_000_000)
    for key in BALANCE_KEYS:
        if child := node.get(key):
            found[key] = child.figure(parse_kwh, negative=True)
    return found


def _refuse_doubles(node: Node, found: list[model.Expectation]) -> None:
    seen = set()
    for expectation in found:
        whom = (expectation.account, expectation.building, expectation.period, expectation.booked)
        if whom in seen:
            node.refuse(f"{expectation.account or expectation.building} in {expectation.period} stands twice")
        seen.add(whom)
