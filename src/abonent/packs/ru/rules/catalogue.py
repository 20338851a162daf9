"""The rules a line of this pack can name. Numbers are stored in the books: never reuse one."""

from datetime import date

from abonent.engine.registry import declare

ELECTRICITY = 1
ELECTRICITY_COMMON = 2

_IN_FORCE = date(2012, 9, 1)

METERED = declare(
    1,
    "ru.energy.metered",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 42, прил. 2, формула 1",
    because=("from_value_wh", "to_value_wh", "from_day", "to_day", "ratio", "installation_id"),
)
AVERAGE = declare(
    2,
    "ru.energy.average",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 59",
    because=(
        "from_value_wh",
        "to_value_wh",
        "history_usage_wh",
        "history_months",
        "ratio",
        "installation_id",
    ),
)
NORM = declare(
    3,
    "ru.energy.norm",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 42, прил. 2, формула 4",
    because=("residents", "norm_wh_per_person", "days", "days_in_month", "rooms", "norm_category"),
)
NORM_UPLIFT = declare(
    4,
    "ru.energy.norm_uplift",
    service=ELECTRICITY,
    effective_from=date(2015, 1, 1),
    act="ПП РФ от 06.05.2011 № 354, п. 42, 60(3), прил. 2, формула 4(1)",
    because=("residents", "norm_wh_per_person", "days", "days_in_month", "coefficient_e3", "uplift_cause"),
)
COMMON_METERED = declare(
    5,
    "ru.common.metered",
    service=ELECTRICITY_COMMON,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 44, прил. 2, формулы 10 и 12",
    because=("common_wh", "area_dm2", "total_area_dm2", "building_id", "zone_part_wh", "zones_total_wh"),
)
COMMON_NORM = declare(
    6,
    "ru.common.norm",
    service=ELECTRICITY_COMMON,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 48, прил. 2, формула 15",
    because=("common_wh", "area_dm2", "total_area_dm2", "building_id", "norm_wh_per_m2", "common_area_dm2"),
)
COMMON_NEGATIVE = declare(
    7,
    "ru.common.negative",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 47",
    because=("negative_wh", "residents", "total_residents", "building_id", "share_wh", "individual_wh"),
)
