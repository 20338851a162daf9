"""The sample supplier itself: its details are of the right form and belong to nobody."""

from collections.abc import Iterator
from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange

from abonent.contexts.charging.models import BillingPeriod
from abonent.contexts.contracts.models import Price, TariffGroup
from abonent.contexts.metering.models import MeterModel
from abonent.contexts.parties.models import Branch, Supplier
from abonent.engine.parameters import ParameterSet
from abonent.kernel.quantities import parse_price
from abonent.usecases.demo_supplier import names
from abonent.usecases.demo_supplier.meters import MODELS
from abonent.usecases.demo_supplier.town import GARDEN, RURAL, URBAN, URBAN_ELECTRIC, Sample, Town

_PRICES = "ru.electricity.household_prices"
# id, code, name, category of the norm: 1 gas stove, 2 electric stove
_GROUPS = (
    (URBAN, "urban", "Городское население, газовые плиты", 1),
    (URBAN_ELECTRIC, "urban_electric", "Городское население, электроплиты", 2),
    (RURAL, "rural", "Сельское население", 1),
    (GARDEN, "garden", "Садоводческие товарищества", 1),  # it has no price, on purpose
)


def found(town: Town, parameters: ParameterSet) -> None:
    """Write the supplier, its branches, tariff groups, prices, meter models and open periods.

    Raises engine.parameters.ParameterMissingError without the prices of the sample town.
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
        TariffGroup(id=id, code=code, name=name, norm_category=category)
        for id, code, name, category in _GROUPS
    )
    Price.objects.bulk_create(_prices(supplier, parameters))
    BillingPeriod.objects.bulk_create(
        BillingPeriod(supplier=supplier, month=month) for month in periods(town.sample)
    )


def periods(sample: Sample) -> list[date]:
    """The first days of the months that can be billed: the history and the period."""
    return [month.first_day for month in sample.opening.next().until(sample.period.next())]


def _prices(supplier: Supplier, parameters: ParameterSet) -> Iterator[Price]:
    group_of = {code: id for id, code, *_ in _GROUPS}
    for version in parameters.versions(_PRICES):
        for row in version.rows:
            yield Price(
                supplier=supplier,
                tariff_group_id=group_of[str(row["group"])],
                zone=int(str(row["zone"])),
                price_e5=parse_price(str(row["price"])),
                during=DateRange(version.during.start, version.during.end),
                act=version.source.act,
                url=version.source.url,
            )


def _branch_name(place: int) -> str:
    again = place // len(names.BRANCHES)
    return names.BRANCHES[place % len(names.BRANCHES)] + (f"-{again + 1}" if again else "")
