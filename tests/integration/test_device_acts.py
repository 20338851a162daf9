"""Acts about meters: what each writes, what is refused, what sending one twice does, and taking it back."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests import town as towns
from tests.town import Town

from abonent.contexts.contracts.models import AccountSearch, PremiseTerms, UnauthorisedUse
from abonent.contexts.metering.models import (
    Act,
    Installation,
    Meter,
    MeteringPoint,
    MeterModel,
    Reading,
    ReadingSource,
    ReadingStatus,
    Seal,
    SealState,
    SupplyPoint,
    Zone,
)
from abonent.contexts.places.models import Premise, PremiseKind
from abonent.usecases import device_acts, packs
from abonent.usecases.device_acts import ActRefused, Drawn, Face, MeterGiven, SealGiven, Term

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)
AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
NEW = MeterGiven(
    model="Меркурий 201",
    serial="77000001",
    registers=(Face(zone=1, value_wh=0),),
    verified_on=date(2026, 1, 1),
    verification_due_on=date(2042, 1, 1),
)
TWO_ZONES = (Face(zone=Zone.DAY, value_wh=1_000), Face(zone=Zone.NIGHT, value_wh=2_000))


@pytest.fixture
def town(db: None) -> Town:
    return towns.build()


def drawn(town: Town, flat: str | None, day: date = date(2026, 11, 10), **others: Any) -> Drawn:
    premise = None if flat is None else town.accounts[flat].premise
    return Drawn(
        building_id=premise.building_id if premise else town.building.pk,
        premise_id=premise.pk if premise else None,
        drawn_on=day,
        today=TODAY,
        at=AT,
        actor_id=None,
        **others,
    )


def meter_of(town: Town, flat: str, zone: int = 1) -> int:
    return town.installations[flat, zone].meter_id


def shown(kwh: int, zone: int = 1) -> tuple[Face, ...]:
    return (Face(zone=zone, value_wh=kwh * 1000),)


def causes(town: Town, flat: str) -> list[tuple[date, date | None, int]]:
    rows = PremiseTerms.objects.filter(premise=town.accounts[flat].premise).order_by("during")
    return [(row.during.lower, row.during.upper, row.uplift_cause) for row in rows]


def accepted(meter_id: int, day: date) -> list[tuple[int, int]]:
    rows = Reading.objects.filter(
        installation__meter_id=meter_id, taken_on=day, status=ReadingStatus.ACCEPTED
    )
    return sorted(rows.values_list("source", "value_wh"))


def refusal(**given: Any) -> ActRefused:
    act = given.pop("act")
    before = Act.objects.count()
    with pytest.raises(ActRefused) as refused:
        act(**given)
    assert Act.objects.count() == before
    return refused.value


def annul(act_id: int) -> device_acts.Done:
    return device_acts.annul(act_id=act_id, because="by mistake", actor_id=None, today=TODAY, at=AT)


class TestAdmission:
    def test_a_flat_by_norm_gets_its_first_meter(self, town: Town) -> None:
        done = device_acts.admit(
            drawn=drawn(town, "3"), meter=NEW, seals_set=[SealGiven(number="А-1", place="крышка зажимов")]
        )
        meter = Meter.objects.get(serial="77000001")
        place = Installation.objects.get(meter=meter)
        assert (place.during.lower, place.during.upper, place.digits) == (date(2026, 11, 10), None, 5)
        assert accepted(meter.pk, date(2026, 11, 10)) == [(ReadingSource.INSTALLATION, 0)]
        assert Seal.objects.get(meter=meter).set_by_id == done.act_id
        assert done.number == "2026-000001"
        assert "77000001" in AccountSearch.objects.get(account=town.accounts["3"]).text

    @pytest.mark.parametrize(
        ("premise_kind", "role"), [(None, 2), (PremiseKind.HEATING, 1), (PremiseKind.COMMON, 1)]
    )
    def test_a_meter_of_the_building_or_of_its_equipment(
        self, town: Town, premise_kind: PremiseKind | None, role: int
    ) -> None:
        premise = premise_kind and Premise.objects.create(
            building=town.building, number="ИТП", kind=premise_kind
        )
        here = Drawn(
            building_id=town.building.pk,
            premise_id=premise.pk if premise else None,
            drawn_on=date(2026, 11, 10),
            today=TODAY,
            at=AT,
            actor_id=None,
        )
        device_acts.admit(drawn=here, meter=NEW, is_additional=True)
        place = Installation.objects.get(meter__serial="77000001")
        assert (place.premise, place.role) == (premise, role)

    def test_a_room_and_a_section(self, town: Town) -> None:
        flat = town.accounts["3"].premise
        section = Premise.objects.create(
            building=town.building, number="3-А", kind=PremiseKind.SECTION, parent=flat
        )
        room = Premise.objects.create(
            building=town.building, number="3-А-1", kind=PremiseKind.ROOM, parent=section
        )
        for number, premise in enumerate((section, room)):
            here = Drawn(
                building_id=town.building.pk,
                premise_id=premise.pk,
                drawn_on=date(2026, 11, 10),
                today=TODAY,
                at=AT,
                actor_id=None,
            )
            meter = MeterGiven(
                model="Меркурий 201", serial=f"880{number}", registers=(Face(zone=1, value_wh=0),)
            )
            device_acts.admit(drawn=here, meter=meter)
            assert Installation.objects.get(meter__serial=meter.serial).premise == premise

    def test_sent_twice_it_is_drawn_up_once(self, town: Town) -> None:
        device_acts.admit(drawn=drawn(town, "3"), meter=NEW)
        again = refusal(act=device_acts.admit, drawn=drawn(town, "3"), meter=NEW)
        assert again.code == "stands_here"
        assert Installation.objects.filter(meter__serial="77000001").count() == 1

    @pytest.mark.parametrize(
        ("changes", "code", "field"),
        [
            ({"serial": ""}, "no_serial", "serial"),
            ({"serial": "20200002", "model": "Меркурий 200.02"}, "stands_elsewhere", "serial"),
            ({"model": "Никому не известный"}, "model_unknown", "model"),
            ({"registers": (Face(zone=21, value_wh=0),)}, "zones_unknown", "zones"),
            ({"registers": ()}, "zones_unknown", "zones"),
            ({"registers": (Face(zone=1, value_wh=100_000_000),)}, "above_capacity", "new_1"),
            ({"registers": (Face(zone=1, value_wh=-1),)}, "negative", "new_1"),
            ({"ratio": 0}, "ratio_not_positive", "ratio"),
            ({"verified_on": date(2026, 11, 11)}, "verified_later", "verified_on"),
            ({"verification_due_on": date(2026, 1, 1)}, "due_before_verified", "verification_due_on"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, town: Town, changes: dict[str, Any], code: str, field: str
    ) -> None:
        facts = {name: getattr(NEW, name) for name in NEW.__dataclass_fields__} | changes
        refused = refusal(act=device_acts.admit, drawn=drawn(town, "3"), meter=MeterGiven(**facts))
        assert (refused.code, refused.field) == (code, field)
        assert not Installation.objects.filter(premise=town.accounts["3"].premise).exists()

    def test_a_place_that_is_taken_needs_a_replacement_or_a_word(self, town: Town) -> None:
        taken = refusal(act=device_acts.admit, drawn=drawn(town, "1"), meter=NEW)
        assert (taken.code, taken.facts) == ("point_taken", {"serial": "20100001"})
        device_acts.admit(drawn=drawn(town, "1"), meter=NEW, is_additional=True)
        assert MeteringPoint.objects.filter(premise=town.accounts["1"].premise).count() == 2
        assert SupplyPoint.objects.filter(premise=town.accounts["1"].premise).count() == 1

    def test_a_new_model_is_made_when_it_is_confirmed(self, town: Town) -> None:
        meter = MeterGiven(
            model="Нева 303",
            serial="1",
            registers=(Face(zone=1, value_wh=0, digits=7),),
            phases=3,
            is_new_model=True,
        )
        device_acts.admit(drawn=drawn(town, "3"), meter=meter)
        model = MeterModel.objects.get(name="Нева 303")
        assert (model.digits, model.phases, model.zones) == (7, 3, 1)

    def test_not_in_the_future_and_not_in_another_building(self, town: Town) -> None:
        ahead = refusal(act=device_acts.admit, drawn=drawn(town, "3", date(2026, 11, 23)), meter=NEW)
        assert ahead.code == "in_future"
        strange = Drawn(
            building_id=town.house.pk,
            premise_id=town.accounts["3"].premise_id,
            drawn_on=date(2026, 11, 10),
            today=TODAY,
            at=AT,
            actor_id=None,
        )
        assert refusal(act=device_acts.admit, drawn=strange, meter=NEW).code == "no_premise"

    def test_a_seal_that_is_known_is_refused(self, town: Town) -> None:
        seals = [SealGiven(number="А-1", place="кожух")]
        device_acts.admit(drawn=drawn(town, "3"), meter=NEW, seals_set=seals)
        refused = refusal(
            act=device_acts.seal, drawn=drawn(town, "1"), meter_id=meter_of(town, "1"), seals_set=seals
        )
        assert (refused.code, refused.facts["serial"]) == ("seal_known", "77000001")


class TestReplacementAndRemoval:
    def test_the_old_meter_ends_and_the_new_one_begins_on_one_day(self, town: Town) -> None:
        old = town.installations["1", 1]
        Seal.objects.create(meter=old.meter, number="К-9", place="кожух", set_on=date(2020, 1, 1))
        device_acts.replace(
            drawn=drawn(town, "1"),
            meter_id=old.meter_id,
            last=shown(3_260),
            meter=MeterGiven(model="Меркурий 200.02", serial="999", registers=TWO_ZONES, ratio=20, phases=3),
            seals_set=[SealGiven(number="Н-1", place="крышка зажимов")],
        )
        old.refresh_from_db()
        assert old.during.upper == date(2026, 11, 10)
        new = Installation.objects.filter(meter__serial="999").order_by("zone")
        assert [(one.zone, one.ratio, one.during.lower) for one in new] == [
            (21, 20, date(2026, 11, 10)),
            (22, 20, date(2026, 11, 10)),
        ]
        assert {one.metering_point_id for one in new} == {old.metering_point_id}
        assert accepted(old.meter_id, date(2026, 11, 10)) == [(ReadingSource.REMOVAL, 3_260_000)]
        assert Seal.objects.get(number="К-9").state == SealState.REMOVED
        assert Seal.objects.get(number="Н-1").state == SealState.INTACT

    def test_the_same_meter_counts_on_with_another_ratio(self, town: Town) -> None:
        old = town.installations["1", 1]
        Seal.objects.create(meter=old.meter, number="К-9", place="кожух", set_on=date(2020, 1, 1))
        given = MeterGiven(model="Меркурий 201", serial="20100001", registers=shown(3_260), ratio=30)
        device_acts.replace(drawn=drawn(town, "1"), meter_id=old.meter_id, last=shown(3_260), meter=given)
        places = Installation.objects.filter(meter=old.meter).order_by("during")
        assert [place.ratio for place in places] == [1, 30]
        assert Meter.objects.filter(serial="20100001").count() == 1
        assert Seal.objects.get(number="К-9").state == SealState.INTACT, "it stays on the meter"

    def test_a_subscribers_reading_of_the_day_gives_way(self, town: Town) -> None:
        meter_id = meter_of(town, "1")
        day = date(2026, 10, 20)
        assert accepted(meter_id, day) == [(ReadingSource.SUBSCRIBER, 3_150_000)]
        done = device_acts.remove(drawn=drawn(town, "1", day), meter_id=meter_id, last=shown(3_151))
        assert accepted(meter_id, day) == [(ReadingSource.REMOVAL, 3_151_000)]
        annul(done.act_id)
        assert accepted(meter_id, day) == [(ReadingSource.SUBSCRIBER, 3_150_000)]

    @pytest.mark.parametrize(
        ("kwh", "day", "code"),
        [
            (3_149, date(2026, 11, 10), "below_previous"),
            (100_000, date(2026, 11, 10), "above_capacity"),
            (3_160, date(2026, 9, 30), "read_later"),
            (3_160, date(2019, 12, 31), "not_standing"),
            (3_160, date(2020, 1, 1), "put_in_today"),
        ],
    )
    def test_final_readings_that_cannot_be_are_refused(
        self, town: Town, kwh: int, day: date, code: str
    ) -> None:
        refused = refusal(
            act=device_acts.remove,
            drawn=drawn(town, "1", day),
            meter_id=meter_of(town, "1"),
            last=shown(kwh),
        )
        assert refused.code == code
        town.installations["1", 1].refresh_from_db()
        assert town.installations["1", 1].during.upper is None

    def test_a_roll_over_is_taken_when_it_is_confirmed(self, town: Town) -> None:
        device_acts.remove(
            drawn=drawn(town, "1"), meter_id=meter_of(town, "1"), last=shown(12), confirmed_fall=True
        )
        assert accepted(meter_of(town, "1"), date(2026, 11, 10)) == [(ReadingSource.REMOVAL, 12_000)]

    def test_every_register_is_read(self, town: Town) -> None:
        one_of_two = shown(9_000, zone=21)
        refused = refusal(
            act=device_acts.remove,
            drawn=drawn(town, "2"),
            meter_id=meter_of(town, "2", 21),
            last=one_of_two,
        )
        assert refused.code == "not_every_register"

    def test_a_meter_of_another_place_is_not_taken_down_here(self, town: Town) -> None:
        given = {"drawn": drawn(town, "3"), "meter_id": meter_of(town, "1"), "last": shown(3_260)}
        assert refusal(act=device_acts.remove, **given).code == "not_standing"

    def test_sent_twice_it_is_done_once(self, town: Town) -> None:
        given = {"drawn": drawn(town, "1"), "meter_id": meter_of(town, "1"), "last": shown(3_260)}
        device_acts.remove(**given)
        assert refusal(act=device_acts.remove, **given).code == "not_standing"

    def test_a_meter_taken_down_can_be_put_in_elsewhere(self, town: Town) -> None:
        device_acts.remove(drawn=drawn(town, "1"), meter_id=meter_of(town, "1"), last=shown(3_260))
        given = MeterGiven(model="Меркурий 201", serial="20100001", registers=shown(3_260))
        device_acts.admit(drawn=drawn(town, "3", date(2026, 11, 12)), meter=given)
        assert Meter.objects.filter(serial="20100001").count() == 1
        assert Installation.objects.filter(meter__serial="20100001").count() == 2


class TestCheck:
    def test_a_control_reading_outranks_the_subscribers_of_the_day(self, town: Town) -> None:
        meter_id, day = meter_of(town, "1"), date(2026, 10, 20)
        device_acts.check(drawn=drawn(town, "1", day), meter_id=meter_id, shown=shown(3_140), is_sound=True)
        assert accepted(meter_id, day) == [(ReadingSource.INSPECTOR, 3_140_000)]

    def test_a_fall_is_taken_when_it_is_confirmed(self, town: Town) -> None:
        given = {
            "drawn": drawn(town, "1"),
            "meter_id": meter_of(town, "1"),
            "shown": shown(3_000),
            "is_sound": True,
        }
        assert refusal(act=device_acts.check, **given).code == "below_previous"
        device_acts.check(**given, confirmed_fall=True)
        assert accepted(meter_of(town, "1"), date(2026, 11, 10)) == [(ReadingSource.INSPECTOR, 3_000_000)]

    def test_seals_found_broken_and_new_ones_set(self, town: Town) -> None:
        meter = town.installations["1", 1].meter
        bad = Seal.objects.create(meter=meter, number="К-1", place="кожух", set_on=date(2020, 1, 1))
        Seal.objects.create(meter=meter, number="К-2", place="автомат", set_on=date(2020, 1, 1))
        done = device_acts.check(
            drawn=drawn(town, "1"),
            meter_id=meter.pk,
            shown=shown(3_260),
            is_sound=True,
            broken=[bad.pk],
            seals_set=[SealGiven(number="К-3", place="кожух")],
        )
        states = dict(Seal.objects.values_list("number", "state"))
        assert states == {"К-1": SealState.BROKEN, "К-2": SealState.INTACT, "К-3": SealState.INTACT}
        assert Act.objects.get(pk=done.act_id).facts["seals"]["intact"] == [
            {"number": "К-2", "place": "автомат"}
        ]
        annul(done.act_id)
        states = dict(Seal.objects.values_list("number", "state"))
        assert states == {"К-1": SealState.INTACT, "К-2": SealState.INTACT}

    def test_only_an_unsound_meter_goes_unread(self, town: Town) -> None:
        given = {"drawn": drawn(town, "1"), "meter_id": meter_of(town, "1")}
        assert refusal(act=device_acts.check, **given, is_sound=True).code == "not_every_register"
        device_acts.check(**given, is_sound=False)
        assert accepted(meter_of(town, "1"), date(2026, 11, 10)) == []

    def test_sent_twice_it_is_refused_by_its_number(self, town: Town) -> None:
        given = {
            "drawn": drawn(town, "1"),
            "meter_id": meter_of(town, "1"),
            "shown": shown(3_260),
            "is_sound": True,
        }
        done = device_acts.check(**given)
        again = refusal(act=device_acts.check, **given)
        assert (again.code, again.facts["number"]) == ("drawn_already", done.number)


class TestViolations:
    def test_two_refusals_and_the_check_that_ends_them(self, town: Town) -> None:
        device_acts.refuse_access(drawn=drawn(town, "1", date(2026, 8, 11)))
        assert causes(town, "1") == [(date(2020, 1, 1), None, 0)]
        second = device_acts.refuse_access(drawn=drawn(town, "1", date(2026, 9, 18)))
        assert causes(town, "1") == [(date(2020, 1, 1), date(2026, 9, 1), 0), (date(2026, 9, 1), None, 2)]
        check = device_acts.check(
            drawn=drawn(town, "1", date(2026, 11, 5)),
            meter_id=meter_of(town, "1"),
            shown=shown(3_200),
            is_sound=True,
        )
        assert causes(town, "1")[1:] == [
            (date(2026, 9, 1), date(2026, 11, 5), 2),
            (date(2026, 11, 5), None, 0),
        ]
        annul(check.act_id)
        assert causes(town, "1")[1:] == [(date(2026, 9, 1), None, 2)]
        annul(second.act_id)
        assert causes(town, "1") == [(date(2020, 1, 1), None, 0)]

    def test_one_refusal_sent_twice_is_one(self, town: Town) -> None:
        device_acts.refuse_access(drawn=drawn(town, "1"))
        assert refusal(act=device_acts.refuse_access, drawn=drawn(town, "1")).code == "drawn_already"
        assert causes(town, "1") == [(date(2020, 1, 1), None, 0)]

    def test_a_building_and_a_flat_without_a_meter_refuse_nobody(self, town: Town) -> None:
        assert refusal(act=device_acts.refuse_access, drawn=drawn(town, None)).code == "needs_premise"
        assert refusal(act=device_acts.refuse_access, drawn=drawn(town, "3")).code == "not_standing"

    def test_tampering_is_charged_from_the_last_check(self, town: Town) -> None:
        meter_id = meter_of(town, "1")
        check = device_acts.check(
            drawn=drawn(town, "1", date(2026, 10, 21)),
            meter_id=meter_id,
            shown=shown(3_155),
            is_sound=True,
        )
        found = device_acts.tampering(
            drawn=drawn(town, "1"), meter_id=meter_id, parameters=packs.pack_parameters()
        )
        assert causes(town, "1") == [
            (date(2020, 1, 1), date(2026, 10, 21), 0),
            (date(2026, 10, 21), None, 3),
        ]
        with pytest.raises(ActRefused) as refused:
            annul(check.act_id)
        assert (refused.value.code, refused.value.facts["number"]) == ("rests_on_it", found.number)
        device_acts.replace(
            drawn=drawn(town, "1", date(2026, 11, 20)), meter_id=meter_id, last=shown(3_300), meter=NEW
        )
        assert causes(town, "1")[-2:] == [
            (date(2026, 10, 21), date(2026, 11, 20), 3),
            (date(2026, 11, 20), None, 0),
        ]

    def test_without_a_check_no_more_than_three_months_back(self, town: Town) -> None:
        device_acts.tampering(
            drawn=drawn(town, "1"),
            meter_id=meter_of(town, "1"),
            parameters=packs.pack_parameters(),
            removed_on=date(2026, 11, 12),
        )
        assert causes(town, "1")[1:] == [
            (date(2026, 8, 10), date(2026, 11, 12), 3),
            (date(2026, 11, 12), None, 0),
        ]

    def test_a_connection_of_known_power(self, town: Town) -> None:
        done = device_acts.unauthorised(
            drawn=drawn(town, "3"),
            parameters=packs.pack_parameters(),
            power_w=2_500,
            equipment="обогреватель",
            connected_on=date(2026, 10, 3),
        )
        use = UnauthorisedUse.objects.get()
        assert (use.power_w, use.during.lower, use.during.upper) == (2_500, date(2026, 10, 3), None)
        assert causes(town, "3") == [(date(2020, 1, 1), None, 0)]
        annul(done.act_id)
        use.refresh_from_db()
        assert use.annulled_at == AT

    def test_a_connection_of_unknown_power_goes_by_norm(self, town: Town) -> None:
        device_acts.unauthorised(
            drawn=drawn(town, "3"),
            parameters=packs.pack_parameters(),
            power_w=None,
            removed_on=date(2026, 11, 15),
        )
        assert not UnauthorisedUse.objects.exists()
        assert causes(town, "3")[1:] == [
            (date(2026, 8, 1), date(2026, 11, 15), 4),
            (date(2026, 11, 15), None, 0),
        ]

    def test_a_sound_check_ends_a_connection(self, town: Town) -> None:
        device_acts.unauthorised(drawn=drawn(town, "1"), parameters=packs.pack_parameters(), power_w=1_000)
        check = device_acts.check(
            drawn=drawn(town, "1", date(2026, 11, 20)),
            meter_id=meter_of(town, "1"),
            shown=shown(3_300),
            is_sound=True,
        )
        assert UnauthorisedUse.objects.get().during.upper == date(2026, 11, 20)
        annul(check.act_id)
        assert UnauthorisedUse.objects.get().during.upper is None

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ({"power_w": 0}, "power_not_positive"),
            ({"power_w": 1, "connected_on": date(2026, 11, 11)}, "connected_later"),
            ({"power_w": 1, "removed_on": date(2026, 11, 9)}, "removed_before_found"),
            ({"power_w": 1, "removed_on": date(2026, 11, 23)}, "in_future"),
        ],
    )
    def test_what_cannot_be_is_refused(self, town: Town, given: dict[str, Any], code: str) -> None:
        refused = refusal(
            act=device_acts.unauthorised,
            drawn=drawn(town, "1"),
            parameters=packs.pack_parameters(),
            **given,
        )
        assert refused.code == code

    def test_two_connections_of_the_same_days_are_refused(self, town: Town) -> None:
        parameters = packs.pack_parameters()
        first = device_acts.unauthorised(drawn=drawn(town, "1"), parameters=parameters, power_w=1_000)
        second = refusal(
            act=device_acts.unauthorised,
            drawn=drawn(town, "1", date(2026, 11, 12)),
            parameters=parameters,
            power_w=2_000,
        )
        assert (second.code, second.facts["number"]) == ("connected_already", first.number)

    def test_other_facts_of_the_terms_stay_as_they_are(self, town: Town) -> None:
        premise = town.accounts["1"].premise
        before = PremiseTerms.objects.get(premise=premise)
        first, second = (
            device_acts.refuse_access(drawn=drawn(town, "1", date(2026, month, 2))) for month in (9, 10)
        )
        for row in PremiseTerms.objects.filter(premise=premise):
            assert (row.area_dm2, row.residents, row.rooms) == (
                before.area_dm2,
                before.residents,
                before.rooms,
            )
        annul(second.act_id)
        annul(first.act_id)
        after = PremiseTerms.objects.get(premise=premise)
        assert (after.during, after.uplift_cause) == (before.during, 0)

    def test_a_norm_raised_for_want_of_a_meter_comes_back(self, town: Town) -> None:
        PremiseTerms.objects.filter(premise=town.accounts["3"].premise).update(uplift_cause=1)
        done = device_acts.unauthorised(
            drawn=drawn(town, "3"), parameters=packs.pack_parameters(), power_w=None
        )
        assert causes(town, "3")[1:] == [(date(2026, 8, 1), None, 4)]
        annul(done.act_id)
        assert causes(town, "3") == [(date(2020, 1, 1), None, 1)]

    def test_a_refusal_known_without_acts_ends_with_the_check(self, town: Town) -> None:
        PremiseTerms.objects.filter(premise=town.accounts["1"].premise).update(uplift_cause=2)
        check = device_acts.check(
            drawn=drawn(town, "1"), meter_id=meter_of(town, "1"), shown=shown(3_260), is_sound=True
        )
        assert causes(town, "1") == [
            (date(2020, 1, 1), date(2026, 11, 10), 2),
            (date(2026, 11, 10), None, 0),
        ]
        annul(check.act_id)
        assert causes(town, "1") == [(date(2020, 1, 1), None, 2)]


class TestSeals:
    def test_seals_are_changed(self, town: Town) -> None:
        meter = town.installations["1", 1].meter
        old = Seal.objects.create(meter=meter, number="К-1", place="кожух", set_on=date(2020, 1, 1))
        device_acts.seal(
            drawn=drawn(town, "1"),
            meter_id=meter.pk,
            seals_set=[SealGiven(number="К-2", place="кожух")],
            removed=[old.pk],
        )
        old.refresh_from_db()
        assert (old.state, old.removed_on) == (SealState.REMOVED, date(2026, 11, 10))
        again = refusal(act=device_acts.seal, drawn=drawn(town, "1"), meter_id=meter.pk, removed=[old.pk])
        assert again.code == "seal_gone"

    @pytest.mark.parametrize(
        ("seals_set", "code"),
        [
            ([], "no_seal"),
            ([SealGiven(number="1", place="")], "seal_without_place"),
            ([SealGiven(number="1", place="а"), SealGiven(number="1", place="б")], "seal_twice"),
        ],
    )
    def test_what_cannot_be_is_refused(self, town: Town, seals_set: list[SealGiven], code: str) -> None:
        refused = refusal(
            act=device_acts.seal,
            drawn=drawn(town, "1"),
            meter_id=meter_of(town, "1"),
            seals_set=seals_set,
        )
        assert refused.code == code

    def test_a_seal_written_down_by_mistake_is_taken_back(self, town: Town) -> None:
        meter_id = meter_of(town, "1")
        device_acts.seal(
            drawn=drawn(town, "1"), meter_id=meter_id, seals_set=[SealGiven(number="К-7", place="кожух")]
        )
        seal = Seal.objects.get(number="К-7")
        device_acts.seal(drawn=drawn(town, "1"), meter_id=meter_id, removed=[seal.pk])
        undo = {"act": device_acts.undo, "drawn": drawn(town, "1"), "seal_id": seal.pk}
        device_acts.undo(drawn=drawn(town, "1"), seal_id=seal.pk, state=SealState.REMOVED)
        assert Seal.objects.get(number="К-7").state == SealState.INTACT
        assert refusal(**undo, state=SealState.REMOVED).code == "seal_changed"
        last = device_acts.undo(drawn=drawn(town, "1"), seal_id=seal.pk, state=SealState.INTACT)
        assert not Seal.objects.filter(number="К-7").exists()
        with pytest.raises(ActRefused, match="correction"):
            annul(last.act_id)
        assert refusal(**undo, state=SealState.INTACT).code == "seal_gone"


class TestVerification:
    TERM = Term(verified_on=date(2026, 11, 1), due_on=date(2042, 11, 1), certificate="С-1")

    def test_a_new_term_and_back(self, town: Town) -> None:
        meter_id = meter_of(town, "1")
        done = device_acts.verify(drawn=drawn(town, "1"), meter_id=meter_id, term=self.TERM)
        assert Meter.objects.get(pk=meter_id).verification_due_on == date(2042, 11, 1)
        again = refusal(act=device_acts.verify, drawn=drawn(town, "1"), meter_id=meter_id, term=self.TERM)
        assert again.code == "drawn_already"
        annul(done.act_id)
        assert Meter.objects.get(pk=meter_id).verification_due_on == date(2036, 1, 1)

    def test_an_unfit_meter_keeps_its_term(self, town: Town) -> None:
        term = Term(verified_on=date(2026, 11, 1), due_on=None, is_fit=False)
        device_acts.verify(drawn=drawn(town, "1"), meter_id=meter_of(town, "1"), term=term)
        assert Meter.objects.get(pk=meter_of(town, "1")).verification_due_on == date(2036, 1, 1)

    @pytest.mark.parametrize(
        ("verified_on", "due_on", "code"),
        [
            (date(2026, 11, 11), date(2042, 1, 1), "verified_later"),
            (date(2026, 11, 1), None, "no_due_day"),
            (date(2026, 11, 1), date(2026, 11, 1), "due_before_verified"),
            (date(2019, 11, 1), date(2035, 1, 1), "verified_since"),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, town: Town, verified_on: date, due_on: date | None, code: str
    ) -> None:
        refused = refusal(
            act=device_acts.verify,
            drawn=drawn(town, "1"),
            meter_id=meter_of(town, "1"),
            term=Term(verified_on=verified_on, due_on=due_on),
        )
        assert refused.code == code

    def test_whom_to_warn(self, town: Town) -> None:
        one, two = town.accounts["1"], town.accounts["2"]
        Meter.objects.filter(pk=meter_of(town, "1")).update(verification_due_on=date(2027, 1, 25))
        Meter.objects.filter(pk=meter_of(town, "2", 21)).update(verification_due_on=date(2026, 11, 1))
        found = device_acts.verification_warnings([account.pk for account in town.accounts.values()], TODAY)
        assert set(found) == {two.pk}
        assert [(warned.serial, warned.is_overdue) for warned in found[two.pk]] == [("20200002", True)]
        later = device_acts.verification_warnings([one.pk], date(2026, 12, 1))
        assert [warned.is_overdue for warned in later[one.pk]] == [False]


class TestAnnulment:
    def test_an_admission_is_taken_back_whole(self, town: Town) -> None:
        seals = [SealGiven(number="А-1", place="кожух")]
        done = device_acts.admit(drawn=drawn(town, "3"), meter=NEW, seals_set=seals)
        annul(done.act_id)
        meter = Meter.objects.get(serial="77000001")
        assert Installation.objects.get(meter=meter).during.isempty
        assert accepted(meter.pk, date(2026, 11, 10)) == []
        assert not Seal.objects.exists()
        with pytest.raises(ActRefused, match="annulled_already"):
            annul(done.act_id)
        again = device_acts.admit(drawn=drawn(town, "3"), meter=NEW, seals_set=seals)
        assert again.number == "2026-000002", "a number is not used twice"

    def test_a_replacement_is_taken_back_whole(self, town: Town) -> None:
        old = town.installations["1", 1]
        done = device_acts.replace(
            drawn=drawn(town, "1"), meter_id=old.meter_id, last=shown(3_260), meter=NEW
        )
        annul(done.act_id)
        old.refresh_from_db()
        assert old.during.upper is None
        assert accepted(old.meter_id, date(2026, 11, 10)) == []
        assert Act.objects.get(pk=done.act_id).annulled_because == "by mistake"

    def test_not_where_the_meter_was_read_since(self, town: Town) -> None:
        done = device_acts.admit(drawn=drawn(town, "3"), meter=NEW)
        meter = Meter.objects.get(serial="77000001")
        device_acts.check(
            drawn=drawn(town, "3", date(2026, 11, 20)), meter_id=meter.pk, shown=shown(15), is_sound=True
        )
        with pytest.raises(ActRefused) as refused:
            annul(done.act_id)
        assert (refused.value.code, refused.value.facts["day"]) == ("read_since", date(2026, 11, 20))

    def test_not_where_another_meter_stands_in_its_place(self, town: Town) -> None:
        removal = device_acts.remove(drawn=drawn(town, "1"), meter_id=meter_of(town, "1"), last=shown(3_260))
        device_acts.admit(drawn=drawn(town, "1", date(2026, 11, 12)), meter=NEW)
        with pytest.raises(ActRefused, match="place_taken"):
            annul(removal.act_id)

    def test_not_where_its_seal_was_taken_off_since(self, town: Town) -> None:
        meter_id = meter_of(town, "1")
        done = device_acts.seal(
            drawn=drawn(town, "1"), meter_id=meter_id, seals_set=[SealGiven(number="К-7", place="кожух")]
        )
        device_acts.seal(
            drawn=drawn(town, "1"), meter_id=meter_id, removed=[Seal.objects.get(number="К-7").pk]
        )
        with pytest.raises(ActRefused) as refused:
            annul(done.act_id)
        assert (refused.value.code, refused.value.facts["number"]) == ("seal_touched", "К-7")


class TestNumbers:
    def test_each_kind_and_year_counts_for_itself(self, town: Town) -> None:
        first = device_acts.refuse_access(drawn=drawn(town, "1", date(2025, 11, 1)))
        second = device_acts.refuse_access(drawn=drawn(town, "2", date(2026, 1, 15)))
        third = device_acts.refuse_access(drawn=drawn(town, "10", date(2026, 1, 16)))
        seals = [SealGiven(number="1", place="кожух")]
        other = device_acts.seal(drawn=drawn(town, "1"), meter_id=meter_of(town, "1"), seals_set=seals)
        assert [done.number for done in (first, second, third, other)] == [
            "2025-000001",
            "2026-000001",
            "2026-000002",
            "2026-000001",
        ]

    def test_a_number_of_a_paper_form_is_kept_and_not_taken_twice(self, town: Town) -> None:
        done = device_acts.refuse_access(drawn=drawn(town, "1", number="Б-12"))
        assert done.number == "Б-12"
        refused = refusal(act=device_acts.refuse_access, drawn=drawn(town, "2", number="Б-12"))
        assert (refused.code, refused.field) == ("number_taken", "number")
