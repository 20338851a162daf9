"""Four bills of invented people: an ordinary flat, the fullest page, a house by norm, and long names."""

from dataclasses import replace
from datetime import date
from typing import Any

from abonent.kernel.periods import Month
from abonent.kernel.quantities import price_of
from abonent.packs.ru.documents.bill import (
    BillDocument,
    BillLine,
    BillMeter,
    BuildingVolumes,
    MonthUsage,
    Supplier,
)

PERIOD = Month(2026, 10)
ISSUED_ON = date(2026, 11, 1)
_LONG_ADDRESS = (
    "Приморский край, Дальнегорский городской округ, г. Дальнегорск, "
    "ул. Маршала Советского Союза Василевского, д. 148, корп. 2, стр. 1, кв. 1257"
)

SUPPLIER = Supplier(
    name="АО «Городская энергосбытовая компания»",
    short_name="АО «Горэнергосбыт»",
    inn="7707083893",
    kpp="770701001",
    address="690000, г. Приморск, ул. Светлая, д. 12, оф. 301",
    phones="8 800 000-20-30, +7 (400) 000-10-10",
    site="ges-primorsk.example",
    email="info@ges-primorsk.example",
    bank_name="ПАО СБЕРБАНК",
    bic="044525225",
    bank_account="40702810900000012345",
    correspondent_account="30101810400000000225",
)
_BUILDING = BuildingVolumes(
    meter_usage_wh=12_450_000,
    living_usage_wh=10_205_000,
    non_living_usage_wh=1_120_500,
    common_usage_wh=1_124_500,
    common_norm_wh_per_m2=900,
    premises_area_dm2=240_000,
    common_area_dm2=142_600,
)


def line(service: int, zone: int, quantity_wh: int, price_e5: int, method: str, **other: Any) -> BillLine:
    amount_minor = price_of(quantity_wh, price_e5=price_e5)
    total_minor = amount_minor + other.get("uplift_minor", 0) + other.get("recalculation_minor", 0)
    return BillLine(
        service=service,
        zone=zone,
        quantity_wh=quantity_wh,
        price_e5=price_e5,
        method=method,
        amount_minor=amount_minor,
        total_minor=total_minor,
        **other,
    )


def meter(serial: str, model: str, zone: int, previous_kwh: int, current_kwh: int, **other: Any) -> BillMeter:
    days = {"previous_on": date(2026, 9, 25), "current_on": date(2026, 10, 25)}
    return BillMeter(
        serial=serial,
        model=model,
        zone=zone,
        previous_wh=previous_kwh * 1000,
        current_wh=current_kwh * 1000,
        usage_wh=(current_kwh - previous_kwh) * 1000 * other.get("ratio", 1),
        method="metered",
        **(days | other),
    )


def history(monthly_wh: dict[int, int], estimated: tuple[int, ...] = ()) -> tuple[MonthUsage, ...]:
    """Thirteen months that rise and fall; `estimated` are places from the oldest."""
    return tuple(
        MonthUsage(
            month=PERIOD.shift(place - 12),
            usage_wh={zone: wh * (80 + place * 7 % 5 * 10) // 100 for zone, wh in monthly_wh.items()},
            estimated=place in estimated,
        )
        for place in range(13)
    )


def bill(*, lines: tuple[BillLine, ...], **other: Any) -> BillDocument:
    """A bill whose totals follow from its lines."""
    charged_minor = sum(line.amount_minor + line.uplift_minor for line in lines)
    recalculated_minor = sum(line.recalculation_minor for line in lines)
    facts: dict[str, Any] = {
        "supplier": SUPPLIER,
        "number": "2026-10-000123",
        "issued_on": ISSUED_ON,
        "period": PERIOD,
        "account_number": "1500012721",
        "payer_name": "Иванов Иван Иванович",
        "payer_names": ("Иванов", "Иван", "Иванович"),
        "address": "г. Приморск, ул. Лесная, д. 15, кв. 48",
        "tariff_group": "Население городское, газовая плита",
        "residents": 2,
        "rooms": 2,
        "area_dm2": 5430,
        "opening_minor": 0,
        "paid_minor": 0,
        "charged_minor": charged_minor,
        "recalculated_minor": recalculated_minor,
        "due_on": date(2026, 11, 15),
        "reading_days": (15, 26),
        "building": _BUILDING,
    } | other
    due_minor = facts["opening_minor"] - facts["paid_minor"] + charged_minor + recalculated_minor
    due_minor += facts.get("penalty_minor", 0) + facts.get("written_off_minor", 0)
    return BillDocument(lines=lines, **({"total_due_minor": due_minor} | facts))


def ordinary() -> BillDocument:
    """A flat with one meter and common needs, paid in time."""
    return bill(
        lines=(line(1, 1, 150_000, 420_000, "metered"), line(2, 1, 4_300, 420_000, "common_metered")),
        meters=(meter("11223344", "Меркурий 201.7", 1, 12_345, 12_495, verified_until=date(2034, 5, 14)),),
        history=history({1: 150_000}, estimated=(3, 4)),
        opening_minor=63_000,
        paid_minor=63_000,
        paid_on=date(2026, 10, 12),
    )


def fullest() -> BillDocument:
    """Eight lines, a three-zone meter replaced inside the month, a debt, penalties, a recalculation and messages."""
    day_of_change, zones = date(2026, 10, 9), (31, 32, 33)
    old = {"current_on": day_of_change, "removed_on": day_of_change, "verified_until": day_of_change}
    new = {"previous_on": day_of_change, "verified_until": date(2026, 12, 20)}
    return bill(
        number="2026-10-000124",
        account_number="1500012739",
        payer_name="Константинопольская Александра Вячеславовна",
        payer_names=("Константинопольская", "Александра", "Вячеславовна"),
        address=_LONG_ADDRESS,
        tariff_group="Население городское, электрическая плита и электроотопление",
        residents=4,
        rooms=3,
        area_dm2=7810,
        lines=(
            line(
                1,
                31,
                60_000,
                382_000,
                "metered",
                recalculation_minor=-12_345,
                recalculation_reason="уточнены показания за 09.2026",
            ),
            line(1, 32, 110_000, 294_000, "metered"),
            line(1, 33, 85_000, 104_000, "metered"),
            line(1, 32, 12_000, 294_000, "average"),
            line(1, 31, -2_000, 382_000, "negative"),
            line(2, 31, 1_204, 382_000, "common_metered"),
            line(2, 32, 2_311, 294_000, "common_metered"),
            line(2, 33, 955, 104_000, "common_metered"),
        ),
        meters=(
            *(meter("009217054", "Энергомера СЕ208-S7", zone, 10_234, 10_250, **old) for zone in zones),
            *(meter("011984263", "Меркурий 234 ARTM-02", zone, 0, 69, **new) for zone in zones),
        ),
        history=history({31: 60_000, 32: 110_000, 33: 85_000}, estimated=(7,)),
        opening_minor=2_345_678,
        paid_minor=150_000,
        paid_on=date(2026, 10, 28),
        penalty_minor=12_345,
        written_off_minor=-2_345,
        messages=(
            "С 1 января 2027 г. меняется порядок передачи показаний: подробности на сайте и по телефону.",
        ),
    )


def by_norm() -> BillDocument:
    """A private house without a meter, with the increasing coefficient and a small advance."""
    return bill(
        number="2026-10-000125",
        account_number="1500012747",
        address="г. Приморск, пер. Тихий, д. 3",
        tariff_group="Население сельское",
        residents=3,
        rooms=0,
        area_dm2=9600,
        building=None,
        norm_wh_per_resident=96_000,
        lines=(line(1, 1, 288_000, 294_000, "norm", uplift_minor=42_336),),
        history=history({1: 288_000}, estimated=tuple(range(13))),
        opening_minor=-5_000,
    )


def long_names() -> BillDocument:
    """Everything that is free text is as long as it comes, the verification is over, and nothing is owed."""
    supplier = replace(
        SUPPLIER,
        name="Акционерное общество «Дальнегорская энергетическая компания — Приморский филиал Энергосбыт»",
        short_name="АО «Дальнегорэнерго» — филиал «Энергосбыт»",
        bank_name="ДАЛЬНЕВОСТОЧНЫЙ БАНК ПАО СБЕРБАНК Г. ХАБАРОВСК",
        address="690000, Приморский край, г. Дальнегорск, ул. Тигровая, д. 19, литера А, этаж 3, помещение 301",
        site="www.dalnegorsk-energokompaniya-sbyt.example",
    )
    payer = "Муниципальное бюджетное учреждение культуры «Централизованная клубная система городского округа»"
    verified = {"verified_until": date(2026, 8, 14)}
    return bill(
        supplier=supplier,
        number="2026-10-000126",
        account_number="1500012754",
        payer_name=payer,
        payer_names=None,
        address=_LONG_ADDRESS,
        lines=(line(1, 21, 98_000, 483_000, "metered"), line(1, 22, 52_000, 150_000, "metered")),
        meters=(
            meter("77003311", "НЕВА МТ 324 AR E4S", 21, 4_345, 4_443, **verified),
            meter("77003311", "НЕВА МТ 324 AR E4S", 22, 2_345, 2_397, **verified),
        ),
        history=history({21: 98_000, 22: 52_000}),
        opening_minor=-500_000,
    )


def all_kinds() -> tuple[BillDocument, ...]:
    return ordinary(), fullest(), by_norm(), long_names()
