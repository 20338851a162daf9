"""Cash desks and what they are set up with."""

from collections.abc import Mapping

from django.db import transaction

from abonent.contexts.parties.models import Branch
from abonent.contexts.payments.models import Agent, AgentKind, CashDesk, CashShift
from abonent.gateways import fiscal
from abonent.usecases.cash_desk.refusals import CashRefused

# what a КО-1 and a КО-2 say besides the order itself
PAPER_FIELDS = ("okpo", "department", "department_code", "debit", "credit", "accountant", "manager")
USUAL_PAPERS = {"debit": "50.01", "credit": "62.01"}


def save_desk(
    *,
    desk_id: int | None,
    branch_id: int,
    name: str,
    register: Mapping[str, str],
    papers: Mapping[str, str],
    active: bool = True,
) -> CashDesk:
    """Make a cash desk with the channel its payments come through, or change one.

    Raises CashRefused: no_name, bad_register (field), name_taken, has_shift (it cannot be put away or given another
    register in a shift), other_supplier.
    """
    name = name.strip()[:80]
    if not name:
        raise CashRefused("no_name")
    try:
        fiscal.check_settings(register)
    except fiscal.SettingsRefused as refusal:
        raise CashRefused("bad_register", field=refusal.field) from refusal
    with transaction.atomic():
        branch = Branch.objects.select_for_update(of=("self",)).get(pk=branch_id)
        others = CashDesk.objects.exclude(pk=desk_id or 0).filter(branch__supplier=branch.supplier_id)
        if others.filter(branch=branch, name__iexact=name).exists():
            raise CashRefused("name_taken")
        if others.filter(register__file=register["file"]).exists():
            raise CashRefused("bad_register", field="file")
        if desk_id is None:
            desk = CashDesk(agent=_agent(branch, name))
        else:
            desk = (
                CashDesk.objects.select_for_update(of=("self",))
                .select_related("branch", "agent")
                .get(pk=desk_id)
            )
            if desk.branch.supplier_id != branch.supplier_id:
                raise CashRefused("other_supplier")
            changes = (not active, desk.register != dict(register), desk.branch_id != branch_id)
            if any(changes) and CashShift.objects.filter(desk=desk, closed_at=None).exists():
                raise CashRefused("has_shift")
            Agent.objects.filter(pk=desk.agent_id).update(name=name, active=active)
        desk.branch, desk.name, desk.active = branch, name, active
        desk.register = dict(register)
        desk.papers = {field: papers.get(field, "").strip()[:120] for field in PAPER_FIELDS}
        desk.save()
    return desk


def _agent(branch: Branch, name: str) -> Agent:
    """Make the channel of a new desk; the lock of its branch keeps its code free."""
    taken = set(Agent.objects.filter(supplier=branch.supplier_id).values_list("code", flat=True))
    number = 1
    while f"cash-{number}" in taken:
        number += 1
    return Agent.objects.create(
        supplier_id=branch.supplier_id, code=f"cash-{number}", name=name, kind=AgentKind.CASH_DESK
    )
