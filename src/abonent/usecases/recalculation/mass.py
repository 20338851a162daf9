"""A run over many accounts: over what waits, or over everything that a price or a decision concerns."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from abonent.contexts.charging.models import RecalculationCause
from abonent.contexts.contracts.models import Account
from abonent.engine.parameters import ParameterSet
from abonent.kernel.periods import Month
from abonent.usecases import billing_run, packs
from abonent.usecases.billing_run import Scope
from abonent.usecases.recalculation.noting import note, note_tariff_group


class ScopeTooWide(billing_run.RunRefused):
    """Everything of a building or an account can be rated again, not everything of a supplier."""

    code = "scope_too_wide"


def start(
    *,
    scope: Scope,
    booked_period: Month,
    first: Month | None = None,
    last: Month | None = None,
    causes: Sequence[int] | None = None,
    tariff_group_id: int | None = None,
    everything: bool = False,
    reason: str,
    actor_id: int | None,
    at: datetime,
    parameters: ParameterSet,
) -> int:
    """Make a draft run over what waits in the scope, in these months and of these causes; return its id.

    With `tariff_group_id` all that is charged at prices of the group is noted first, with `everything` a whole
    building or account. Raises RunRefused: NothingWaits, PeriodClosed, PeriodUnknown, ScopeBusy, ScopeTooWide.
    """
    with transaction.atomic():
        if tariff_group_id is not None:
            note_tariff_group(
                supplier_id=scope.supplier_id,
                tariff_group_id=tariff_group_id,
                first=first or booked_period,
                last=last,
                note=reason,
                actor_id=actor_id,
                at=at,
            )
            causes = [RecalculationCause.PRICE]
        elif everything:
            _note_everything(scope, first or booked_period, last, reason, actor_id, at)
            causes = [RecalculationCause.REQUEST]
        return billing_run.create_recalculation(
            scope=scope,
            booked_period=booked_period,
            first=first,
            last=last,
            causes=causes,
            at=at,
            pack_version=packs.pack().version,
            parameter_hash=parameters.hash,
            created_by_id=actor_id,
            reason=reason,
        )


def _note_everything(
    scope: Scope, first: Month, last: Month | None, reason: str, actor_id: int | None, at: datetime
) -> None:
    if scope.account_id is not None:
        account = Account.objects.get(pk=scope.account_id)
        building_id, premise_id = account.building_id, account.premise_id
    elif scope.building_id is not None:
        building_id, premise_id = scope.building_id, None
    else:
        raise ScopeTooWide("Choose a building or an account: everything of the supplier is not rated again")
    note(
        building_id=building_id,
        premise_id=premise_id,
        first=first,
        last=last,
        cause=RecalculationCause.REQUEST,
        note=reason,
        actor_id=actor_id,
        at=at,
    )
