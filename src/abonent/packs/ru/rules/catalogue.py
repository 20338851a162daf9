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
SPREAD = declare(
    8,
    "ru.energy.spread",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 61, 84",
    because=("from_value_wh", "to_value_wh", "from_day", "to_day", "ratio", "installation_id"),
)
ABSENCE = declare(
    9,
    "ru.energy.absence",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 86–97",
    because=("away", "norm_wh_per_person", "days", "days_in_month", "left_day", "returned_day"),
)
UNAUTHORISED = declare(
    10,
    "ru.energy.unauthorised",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 62",
    because=("power_w", "days"),
)
COMMUNAL_SHARE = declare(
    11,
    "ru.communal.share",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 50, 51, прил. 2, формулы 7, 8, 9",
    because=("node_wh", "metered_wh", "resident_days", "total_resident_days", "node_premise_id"),
)
EXECUTOR = declare(
    12,
    "ru.common.executor",
    service=ELECTRICITY_COMMON,
    effective_from=date(2017, 1, 1),
    act="ПП РФ от 14.02.2012 № 124, п. 21(1)",
    because=("common_wh", "carried_in_wh", "building_id", "zone_part_wh", "zones_total_wh"),
)
EXECUTOR_NORM = declare(
    13,
    "ru.common.executor_norm",
    service=ELECTRICITY_COMMON,
    effective_from=date(2017, 1, 1),
    act="ПП РФ от 14.02.2012 № 124, п. 21(1)",
    because=("cap_wh", "norm_wh_per_m2", "common_area_dm2", "building_id"),
)
HOUSING_METERED = declare(
    14,
    "ru.housing.metered",
    service=ELECTRICITY_COMMON,
    effective_from=date(2017, 1, 1),
    act="ПП РФ от 13.08.2006 № 491, п. 29(2)",
    because=("common_wh", "area_dm2", "total_area_dm2", "building_id", "zone_part_wh", "zones_total_wh"),
)
HOUSING_NORM = declare(
    15,
    "ru.housing.norm",
    service=ELECTRICITY_COMMON,
    effective_from=date(2017, 1, 1),
    act="ПП РФ от 13.08.2006 № 491, п. 29(2)",
    because=("common_wh", "area_dm2", "total_area_dm2", "building_id", "norm_wh_per_m2", "common_area_dm2"),
)
HOUSING_AVERAGE = declare(
    16,
    "ru.housing.average",
    service=ELECTRICITY_COMMON,
    effective_from=date(2017, 1, 1),
    act="ПП РФ от 13.08.2006 № 491, п. 29(2)",
    because=("common_wh", "area_dm2", "total_area_dm2", "building_id", "year_common_wh", "year_months"),
)
HOUSING_TRUE_UP = declare(
    17,
    "ru.housing.true_up",
    service=ELECTRICITY_COMMON,
    effective_from=date(2022, 9, 1),
    act="ПП РФ от 13.08.2006 № 491, п. 29(2), в редакции ПП РФ от 03.02.2022 № 92",
    because=("true_up_wh", "area_dm2", "total_area_dm2", "building_id", "year_used_wh", "year_charged_wh"),
)
MANUAL = declare(
    18,
    "ru.manual",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="Решение поставщика по документу",
    because=("manual_recalculation_id",),
)
AGREED = declare(
    19,
    "ru.energy.agreed",
    service=ELECTRICITY,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 43",
    because=("agreed_wh_per_month", "days", "days_in_month"),
)
COMMON_EXCESS = declare(
    20,
    "ru.common.excess",
    service=ELECTRICITY_COMMON,
    effective_from=_IN_FORCE,
    act="ПП РФ от 06.05.2011 № 354, п. 44",
    because=("common_wh", "distributed_wh", "building_id", "zone_part_wh", "zones_total_wh"),
)
