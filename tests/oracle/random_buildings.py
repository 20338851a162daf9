"""Random buildings of every kind the rules know, small enough to be looked at by eye."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from tests.oracle import ru_month as oracle
from tests.oracle.random_metering import FOREVER, LONG_AGO, ZONES, Drawn
from tests.oracle.ru_month.arithmetic import DAY, Span, common, month_of
from tests.oracle.ru_month.town import (
    ACTUAL,
    BY_AVERAGE,
    BY_EXECUTOR,
    BY_NORM,
    BY_READINGS,
    COMMON_PROPERTY,
    CONSUMERS,
    HEATING,
    HOUSING,
    LIVING,
    NOBODY,
    NONLIVING,
    RANGES,
    ROOM,
    SECTION,
    SOCIAL_NORM,
    Absence,
    Building,
    Equipment,
    Group,
    Law,
    PastYear,
    Payer,
    Premise,
    Price,
    Register,
    Terms,
)

MONTHS = [(2026, 2), (2026, 7), (2026, 10), (2028, 1), (2028, 2)]
GROUPS = {1: Group(1), 2: Group(2), 3: Group(1, RANGES, 1), 4: Group(2, SOCIAL_NORM)}
ALWAYS = (LONG_AGO, FOREVER)
FLAT_KINDS = (
    ("read",) * 4 + ("none",) * 3 + ("silent", "gap", "gap", "replaced", "installed", "removed", "inspected")
)


class Builder(Drawn):
    """Draws the parts of one building; its ids begin at `first_id`."""

    def __init__(self, seed: int, month: Span) -> None:
        self.first_id = seed * 100
        super().__init__(Random(seed), month, registers=seed * 1000)
        self.premises = self.first_id
        self.accounts = seed * 1000

    def premise_id(self) -> int:
        self.premises += 1
        return self.premises

    def account(self) -> int:
        self.accounts += 1
        return self.accounts

    def terms(self, span: Span, *, causes: bool = True, groups: bool = True, **more: object) -> Terms:
        return Terms(
            span=span,
            group=int(str(self.choice(1, 2, 2, 3, 4) if groups else self.choice(1, 2))),
            area_dm2=self.whole(1000, 9000),
            rooms=self.whole(1, 6),
            residents=self.whole(0, 7),
            owners=self.whole(1, 3),
            cause=int(str(self.choice(0, 0, 0, 0, 1, 2, 3, 4))) if causes else 0,
            **more,  # type: ignore[arg-type]
        )

    def spans(self, times: int = 4) -> list[Span]:
        if self.once_in(times):
            day = self.cut()
            return [(LONG_AGO, day), (day, FOREVER)]
        return [ALWAYS]

    def payers(self) -> list[Payer]:
        """One account, owners with shares, or owners one of whom sells in the month."""
        kind = self.whole(0, 7)
        if kind > 2:
            return [Payer(self.account(), ALWAYS)]
        shares = self.random.choice([(1, 1), (1, 1, 1), (3, 2, 1), (1, 1, 1, 1, 1, 1, 1)])
        owners = [Payer(self.account(), ALWAYS, Fraction(share, sum(shares))) for share in shares]
        if kind == 0:
            day = self.cut()
            seller = owners.pop()
            owners += [
                replace(seller, span=(LONG_AGO, day)),
                Payer(self.account(), (day, FOREVER), seller.share),
            ]
        return owners

    def flat(self, zones: str) -> Premise:
        counted_in = ZONES[str(self.choice("single", zones))]
        kind = str(self.random.choice(FLAT_KINDS))
        payers = self.payers()
        registers = self.metering(kind, counted_in)
        moved = self.once_in(7)
        if moved:
            day = self.cut(most_from_end=2)
            payers = [Payer(self.account(), (LONG_AGO, day)), Payer(self.account(), (day, FOREVER))]
            if kind == "read" and self.once_in(2):
                registers = self.handed_over(counted_in, day - DAY)
        absences = []
        if kind == "none" and self.once_in(2):
            left = self.month_at(-1)[0] + DAY * self.whole(0, 55)
            absences = [Absence(1, left, left + DAY * self.whole(2, 30))]
        equipment = []
        if self.once_in(8):
            begins = self.month_at(-1)[0] + DAY * self.whole(0, 50)
            equipment = [Equipment(self.whole(100, 5000), (begins, begins + DAY * self.whole(1, 90)))]
        terms = [
            self.terms(span, groups=not absences, causes=not absences or self.once_in(2))
            for span in self.spans()
        ]
        if absences:
            terms = [replace(one, residents=max(1, one.residents)) for one in terms]
        return Premise(
            self.premise_id(), payers, terms, registers, LIVING, absences=absences, equipment=equipment
        )

    def shop(self, zones: str) -> Premise:
        metered = bool(self.whole(0, 2))
        terms = replace(
            self.terms(ALWAYS, causes=False, groups=False),
            agreed_wh=0 if metered else self.whole(0, 900_000),
            residents=0,
        )
        payers = [Payer(self.account(), ALWAYS)] if self.once_in(2) else []
        kind = str(self.choice("read", "read", "gap"))
        registers = self.metering(kind, ZONES[zones]) if metered else []
        return Premise(self.premise_id(), payers, [terms], registers, NONLIVING)

    def communal(self) -> list[Premise]:
        """A flat of rooms, or of sections with rooms, some of it metered."""
        root = self.premise_id()
        agreed = self.once_in(3)
        mode = str(self.choice("all", "none", "some"))

        def meter(kind: str = "read") -> list[Register]:
            return self.metering(kind, ZONES["single"])

        def rooms(parent: int) -> list[Premise]:
            found = []
            for _ in range(self.whole(1, 4)):
                metered = mode == "all" or (mode == "some" and self.once_in(2))
                registers = meter() if metered else []
                terms = [self.terms(span, causes=False, groups=False) for span in self.spans(6)]
                payers = [Payer(self.account(), ALWAYS)]
                found.append(Premise(self.premise_id(), payers, terms, registers, ROOM, parent))
            return found

        own = self.terms(ALWAYS, causes=False, room_meters_agreed=agreed)
        whole = meter(str(self.choice("read", "gap"))) if self.whole(0, 3) else []
        found = [Premise(root, [], [own], whole, LIVING)]
        if self.once_in(2):
            return [*found, *rooms(root)]
        for _ in range(self.whole(1, 3)):
            section = self.premise_id()
            found.append(Premise(section, [], [], meter() if self.whole(0, 2) else [], SECTION, root))
            found += rooms(section)
        return found

    def prices(self) -> list[Price]:
        found: list[Price] = []
        for group, kind in GROUPS.items():
            bands = 3 if kind.banding == RANGES else 2 if kind.banding else 1
            for zone in [zone for zones in ZONES.values() for zone in zones]:
                for band in range(1, bands + 1):
                    for span in self.spans(5):
                        price_e5 = self.whole(0, 1_500_000)
                        found.append(
                            Price(self.first_id * 10 + len(found) + 1, group, zone, price_e5, span, band)
                        )
        return found


def building(seed: int, month: Span, law: Law, *, prices: list[Price]) -> Building:
    """Draw a building; the same seed draws the same one."""
    some = Builder(seed, month)
    metered_in = str(some.choice("none", "single", "two", "two"))
    common_needs = int(str(some.choice(NOBODY, CONSUMERS, CONSUMERS, BY_EXECUTOR, HOUSING)))
    zones = "two" if metered_in == "two" else "single"
    if common_needs == NOBODY:
        zones = str(some.choice("single", "two", "three"))
    premises = [some.flat(zones) for _ in range(some.whole(1, 4))]
    if some.once_in(3):
        premises += some.communal()
    if some.once_in(2):
        premises.append(some.shop(zones))
    if common_needs == BY_EXECUTOR or (common_needs != NOBODY and some.once_in(3)):
        terms = some.terms(ALWAYS, causes=False, groups=False)
        premises.append(
            Premise(some.premise_id(), [Payer(some.account(), ALWAYS)], [terms], [], COMMON_PROPERTY)
        )
    if some.once_in(4):
        premises.append(Premise(some.premise_id(), [], [], some.metering("read", ZONES[zones]), HEATING))
    least_area = sum(
        max(terms.area_dm2 for terms in premise.terms)
        for premise in premises
        if premise.payers and premise.kind != COMMON_PROPERTY
    )
    months, norm_wh = some.whole(1, 12), some.whole(0, 900_000)
    year = PastYear(months, some.whole(-50_000, 2 * months * norm_wh), months * norm_wh, months * norm_wh)
    drawn = Building(
        month=month,
        premises=premises,
        prices=prices,
        groups=GROUPS,
        meter=[],
        premises_area_dm2=least_area + int(str(some.choice(0, some.whole(0, 5000)))),
        common_area_dm2=some.whole(0, 60_000),
        common_norm_category=int(str(some.choice(1, 3))),
        common_needs=common_needs,
        excess_to_consumers=some.once_in(2),
        basis=int(str(some.choice(BY_READINGS, BY_NORM, BY_AVERAGE)))
        if common_needs == HOUSING
        else BY_READINGS,
        carried_in_wh=int(str(some.choice(0, some.whole(0, 400_000)))),
        past_year=year if some.once_in(2) else None,
        true_up=month[0].month == 1,
    )
    if metered_in == "none" or common_needs == NOBODY:
        return drawn
    return replace(drawn, meter=building_meter(some, drawn, law, ZONES[metered_in]))


def building_meter(some: Builder, drawn: Building, law: Law, zones: list[int]) -> list[Register]:
    """Return a meter that counted about as much as the premises did, or one that is silent or was read late."""
    if some.once_in(5):
        return some.metering(str(some.choice("silent", "gap")), zones)
    probe = oracle.volumes_of(drawn, law, drawn.month[1])
    part_wh = probe.together_wh // len(zones)
    found = []
    for zone in zones:
        rise_wh = max(20_000, int(part_wh * some.whole(60, 130) / 100) + some.whole(-5000, 200_000))
        some.registers += 1
        face_wh = some.whole(0, 10**9 - 1)
        readings = {
            some.month_at(-1)[1] - 5 * DAY: (face_wh, ACTUAL),
            drawn.month[1] - 3 * DAY: ((face_wh + rise_wh // 20) % 10**9, ACTUAL),
        }
        found.append(Register(some.registers, zone, 6, 20, ALWAYS, readings))
    return found


def month(number: int) -> Span:
    return month_of(*MONTHS[number % len(MONTHS)])


def known_until(drawn: Span, months_later: int) -> date:
    return (drawn[1] + timedelta(days=31 * months_later)).replace(day=1)


def stands_in(building: Building, premise: Premise) -> bool:
    return any(common(register.span, building.month) for register in premise.registers)
