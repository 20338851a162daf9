"""The sample supplier itself: its details are of the right form and belong to nobody."""

from collections.abc import Iterator
from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import Banding, Price, TariffGroup
from abonent.contexts.metering.models import MeterModel
from abonent.contexts.parties.models import Branch, Supplier
from abonent.engine.parameters import ParameterSet
from abonent.kernel.quantities import parse_price
from abonent.usecases.benefits import holders
from abonent.usecases.demo_supplier import names
from abonent.usecases.demo_supplier.meters import MODELS
from abonent.usecases.demo_supplier.town import (
    GARDEN,
    HEATED,
    RURAL,
    SOCIAL_NORM,
    URBAN,
    URBAN_ELECTRIC,
    Sample,
    Town,
)

_PRICES = "ru.electricity.household_prices"
# id, code, name, category of the norm: 1 gas stove, 2 electric stove; what its bands are
_GROUPS = (
    (URBAN, "urban", "Городское население, газовые плиты", 1, Banding.NONE),
    (URBAN_ELECTRIC, "urban_electric", "Городское население, электроплиты", 2, Banding.NONE),
    (RURAL, "rural", "Сельское население", 1, Banding.NONE),
    (GARDEN, "garden", "Садоводческие товарищества", 1, Banding.NONE),  # it has no price, on purpose
    (HEATED, "urban_ranges", "Дома с электроотоплением, диапазоны потребления", 1, Banding.RANGES),
    (SOCIAL_NORM, "urban_social_norm", "Городское население, социальная норма", 1, Banding.SOCIAL_NORM),
)
# The town of the prices has neither: in the sample a dearer band costs so much of the urban price, in per cent.
_OF_URBAN = {HEATED: (100, 150, 230), SOCIAL_NORM: (100, 140)}


def found(town: Town, parameters: ParameterSet) -> int:
    """Write the supplier, its branches, tariff groups, prices, benefits, meter models and open periods.

    Returns how many categories of benefits there are, numbered from 1. Raises engine.parameters.ParameterMissingError
    without the prices of the sample town.
    """
    supplier = Supplier.objects.create(
        id=1,
        name="Акционерное общество «Образцовая энергосбытовая компания» (вымышленная организация)",
        short_name="АО «Образцовый энергосбыт»",
        inn="0099000007",
        kpp="009901001",
        address="000000, Образцовая область, г. Образцовск, ул. Примерная, д. 1",
        phones="+7 000 000-00-00",
        site="https://abonent.example",
        email="office@abonent.example",
        bank_name="БАНК-ОБРАЗЕЦ (ВЫМЫШЛЕННЫЙ), Г. ОБРАЗЦОВСК",
        bic="049900900",
        bank_account="40702810800000000001",
        correspondent_account="30101810900000000900",
        time_zone="Asia/Vladivostok",
    )
    Branch.objects.bulk_create(
        Branch(
            id=place + 1,
            supplier=supplier,
            code=f"{place + 1:02}",
            name=f"{_branch_name(place)} отделение",
            address=f"г. Образцовск, ул. Примерная, д. {place + 1}",
            phones=f"+7 000 000-{place + 1:02}-00",
        )
        for place in range(town.branches)
    )
    MeterModel.objects.bulk_create(
        MeterModel(id=id, name=name, zones=zones, phases=phases, digits=digits)
        for id, (name, zones, phases, digits) in enumerate(MODELS, start=1)
    )
    TariffGroup.objects.bulk_create(
        TariffGroup(id=id, code=code, name=name, norm_category=category, banding=banding)
        for id, code, name, category, banding in _GROUPS
    )
    Price.objects.bulk_create(_prices(supplier, parameters))
    BillingPeriod.objects.bulk_create(
        BillingPeriod(supplier=supplier, month=month) for month in periods(town.sample)
    )
    return holders.take_over_categories(parameters=parameters, on=town.sample.period.first_day)


def periods(sample: Sample) -> list[date]:
    """The first days of the months that can be billed: the history and the period."""
    return [month.first_day for month in sample.opening.next().until(sample.period.next())]


def _prices(supplier: Supplier, parameters: ParameterSet) -> Iterator[Price]:
    group_of = {code: id for id, code, *_ in _GROUPS}
    for version in parameters.versions(_PRICES):
        for row in version.rows:
            price_e5, group = parse_price(str(row["price"])), group_of[str(row["group"])]
            bands = [(group, 1, price_e5, "")]
            if group == URBAN:
                bands += [
                    (banded, band, price_e5 * percent // 100, " (цены диапазонов и сверх нормы вымышлены)")
                    for banded, percents in _OF_URBAN.items()
                    for band, percent in enumerate(percents, start=1)
                ]
            for of_group, band, of_band_e5, remark in bands:
                yield Price(
                    supplier=supplier,
                    tariff_group_id=of_group,
                    zone=int(str(row["zone"])),
                    band=band,
                    price_e5=of_band_e5,
                    during=DateRange(version.during.start, version.during.end),
                    act=version.source.act + remark,
                    url=version.source.url,
                )


def _branch_name(place: int) -> str:
    again = place // len(names.BRANCHES)
    return names.BRANCHES[place % len(names.BRANCHES)] + (f"-{again + 1}" if again else "")
