"""How the lines of what a household used itself are told."""

from collections.abc import Iterator
from datetime import timedelta

from abonent.kernel.periods import Month
from abonent.kernel.rounding import divide_half_away
from abonent.packs.ru.explanations.speech import day_of, short_day
from abonent.packs.ru.explanations.telling import Telling

_THOUSAND = 1000
_UPLIFT_CAUSES = {1: "uplift_no_meter", 2: "uplift_refused", 3: "uplift_tampering", 4: "uplift_unauthorised"}


def metered(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    face_wh = facts["to_value_wh"] - facts["from_value_wh"]
    values = {
        "serial": t.register.serial,
        "from_day": say.day_number(facts["from_day"]),
        "from_value": say.kwh(facts["from_value_wh"]),
        "from_source": say.word("source", t.register.from_source),
        "to_day": say.day_number(facts["to_day"]),
        "to_value": say.kwh(facts["to_value_wh"]),
        "to_source": say.word("source", t.register.to_source),
    }
    if facts["from_day"] == facts["to_day"]:
        yield say.sentence("not_read_yet", **values)
        return
    yield say.sentence("readings", **values)
    if face_wh < 0 and t.line.quantity_wh >= 0:
        capacity_wh = 10**t.register.digits * _THOUSAND
        face_wh += capacity_wh
        over = {"digits": t.register.digits, "capacity": say.kwh(capacity_wh)}
        yield say.sentence("rolled_over", **values, **over, face=say.kwh(face_wh))
    else:
        yield say.sentence("below_check" if face_wh < 0 else "face_usage", **values, face=say.kwh(face_wh))
    yield from t.by_ratio(face_wh, facts["ratio"])
    yield from t.part(face_wh * facts["ratio"])


def average(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    face_wh = divide_half_away(facts["history_usage_wh"], facts["history_months"])
    month = say.month(t.line.month)
    yield say.sentence("no_readings", month=month, serial=t.register.serial)
    yield say.sentence(
        "average",
        history_months=facts["history_months"],
        history_usage=say.kwh(facts["history_usage_wh"]),
        face=say.kwh(face_wh),
    )
    yield from t.by_ratio(face_wh, facts["ratio"])
    yield from t.part(face_wh * facts["ratio"])
    yield say.sentence(
        "assumed",
        from_value=say.kwh(facts["from_value_wh"]),
        to_value=say.kwh(facts["to_value_wh"]),
    )


def norm(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    usage_wh = t.norm_wh()
    values = {
        "norm": say.kwh(facts["norm_wh_per_person"]),
        "usage": say.kwh(usage_wh),
        **{name: facts[name] for name in facts if name != "norm_wh_per_person"},
    }
    yield say.sentence("by_norm")
    yield say.sentence("norm_figure", **values)
    if t.source:
        yield say.sentence("norm_source", act=t.source)
    whole = facts["days"] == facts["days_in_month"]
    yield say.sentence("norm_usage" if whole else "norm_usage_days", **values)
    yield from t.part(usage_wh)


def uplift(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    base_wh = t.norm_wh()
    usage_wh = divide_half_away(base_wh * (facts["coefficient_e3"] - _THOUSAND), _THOUSAND)
    coefficient = say.thousandths(facts["coefficient_e3"])
    yield say.sentence(_UPLIFT_CAUSES[facts["uplift_cause"]], coefficient=coefficient)
    if t.source:
        yield say.sentence("coefficient_source", act=t.source)
    yield say.sentence(
        "uplift_usage", base=say.kwh(base_wh), coefficient=coefficient, usage=say.kwh(usage_wh)
    )
    yield from t.part(usage_wh)


def spread(t: Telling) -> Iterator[str]:
    """A difference of readings that several months share by their days."""
    say, facts = t.say, t.facts
    face_wh = facts["to_value_wh"] - facts["from_value_wh"]
    if face_wh < 0 <= t.line.quantity_wh:
        face_wh += 10**t.register.digits * _THOUSAND
    month = t.line.month
    yield say.sentence(
        "readings",
        serial=t.register.serial,
        from_day=say.day_number(facts["from_day"]),
        from_value=say.kwh(facts["from_value_wh"]),
        from_source=say.word("source", t.register.from_source),
        to_day=say.day_number(facts["to_day"]),
        to_value=say.kwh(facts["to_value_wh"]),
        to_source=say.word("source", t.register.to_source),
    )
    yield from t.by_ratio(face_wh, facts["ratio"])
    yield say.sentence(
        "spread",
        usage=say.kwh(face_wh * facts["ratio"]),
        month=say.month(month),
        last_month=say.month(Month.of(day_of(facts["to_day"]))),
        quantity=say.kwh(t.line.quantity_wh),
    )


def absence(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    yield say.sentence(
        "absence",
        away=facts["away"],
        left_day=say.day_number(facts["left_day"]),
        returned_day=say.day_number(facts["returned_day"]),
        days=facts["days"],
    )
    yield say.sentence(
        "absence_usage",
        away=facts["away"],
        norm=say.kwh(facts["norm_wh_per_person"]),
        days=facts["days"],
        days_in_month=facts["days_in_month"],
        quantity=say.kwh(-t.line.quantity_wh),
    )


def unauthorised(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    yield say.sentence(
        "unauthorised",
        power=say.kwh(facts["power_w"]),
        days=facts["days"],
        usage=say.kwh(facts["power_w"] * 24 * facts["days"]),
    )
    yield from t.part(facts["power_w"] * 24 * facts["days"])


def communal_share(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    rest_wh = max(0, facts["node_wh"] - facts["metered_wh"])
    values = {
        "node": say.kwh(facts["node_wh"]),
        "metered": say.kwh(facts["metered_wh"]),
        "rest": say.kwh(rest_wh),
        "resident_days": facts["resident_days"],
        "total_resident_days": facts["total_resident_days"],
        "quantity": say.kwh(t.line.quantity_wh),
    }
    yield say.sentence("communal_rest" if facts["metered_wh"] else "communal_node", **values)
    yield say.sentence("communal_share", **values)


def agreed(t: Telling) -> Iterator[str]:
    say, facts = t.say, t.facts
    usage_wh = divide_half_away(facts["agreed_wh_per_month"] * facts["days"], facts["days_in_month"])
    yield say.sentence("agreed", agreed=say.kwh(facts["agreed_wh_per_month"]))
    if facts["days"] != facts["days_in_month"]:
        yield say.sentence(
            "agreed_days",
            first_day=short_day(t.line.begins_on),
            last_day=short_day(t.line.ends_on - timedelta(days=1)),
            usage=say.kwh(usage_wh),
        )


def manual(t: Telling) -> Iterator[str]:
    yield t.say.sentence("manual", amount=t.say.money(t.line.amount_minor))
