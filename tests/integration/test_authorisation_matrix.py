"""Who may open what: every address of the product, for every role and for nobody. One that is not listed fails."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from tests.town import user

from abonent.contexts.access.models import Role
from abonent.interfaces.office.roles import allowed_roles

EVERYBODY = set(Role)
READERS = EVERYBODY
READING_TAKERS = {Role.OPERATOR, Role.ENGINEER, Role.ACCOUNTANT, Role.ADMINISTRATOR}
DECIDERS = {Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR}
BILLERS = {Role.ENGINEER, Role.ACCOUNTANT, Role.MANAGER, Role.ADMINISTRATOR}
APPROVERS = {Role.ACCOUNTANT, Role.MANAGER, Role.ADMINISTRATOR}
SETTLERS = {Role.ENGINEER, Role.ACCOUNTANT, Role.ADMINISTRATOR}
KEEPERS = READING_TAKERS
BUILDING_KEEPERS = {Role.ENGINEER, Role.MANAGER, Role.ADMINISTRATOR}
PRINTERS = EVERYBODY - {Role.AUDITOR}
ACT_WRITERS = {Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR}
BENEFIT_KEEPERS = {Role.ACCOUNTANT, Role.ADMINISTRATOR}
MONEY_TAKERS = {Role.OPERATOR, Role.ACCOUNTANT, Role.ADMINISTRATOR}
MONEY_KEEPERS = {Role.ACCOUNTANT, Role.ADMINISTRATOR}
PENALTY_RUNNERS = {Role.ENGINEER, Role.ACCOUNTANT, Role.ADMINISTRATOR}
CASHIERS = {Role.OPERATOR, Role.ACCOUNTANT, Role.ADMINISTRATOR}
ANYBODY_AT_ALL = None

# Written out by hand: it must be a second opinion, not a copy of what the views declare.
MATRIX = {
    "office:desk": READERS,
    "office:sign_in": ANYBODY_AT_ALL,
    "office:sign_out": READERS,
    "office:language": ANYBODY_AT_ALL,
    "office:search": READERS,
    "office:accounts": READERS,
    "office:account": READERS,
    "office:account_readings": READERS,
    "office:account_ledger": READERS,
    "office:account_bills": READERS,
    "office:account_month": READERS,
    "office:account_statement": READERS,
    "office:account_statement_file": READERS,
    "office:account_reconciliation": READERS,
    "office:account_reconciliation_file": READERS,
    "office:accounting_export": APPROVERS,
    "office:accounting_export_file": APPROVERS,
    "office:reading_enter": READING_TAKERS,
    "office:reading_undo": READING_TAKERS,
    "office:reading_annul": READING_TAKERS,
    "office:building_readings": READERS,
    "office:building_readings_check": READING_TAKERS,
    "office:building_readings_send": READING_TAKERS,
    "office:reading_files": READERS,
    "office:reading_file": READERS,
    "office:reading_file_progress": READERS,
    "office:reading_file_answer": READERS,
    "office:reading_file_new": READING_TAKERS,
    "office:reading_file_store": READING_TAKERS,
    "office:reading_file_guess": READING_TAKERS,
    "office:held_readings": READERS,
    "office:held_decide": DECIDERS,
    "office:held_decide_many": DECIDERS,
    "office:held_undo": DECIDERS,
    "office:benefit_holders": READERS,
    "office:benefit_holder": READERS,
    "office:benefit_holder_new": BENEFIT_KEEPERS,
    "office:benefit_import": BENEFIT_KEEPERS,
    "office:benefit_remove": BENEFIT_KEEPERS,
    "office:benefit_categories": READERS,
    "office:benefit_category_new": BENEFIT_KEEPERS,
    "office:benefit_federal": BENEFIT_KEEPERS,
    "office:benefit_registries": READERS,
    "office:benefit_registry": READERS,
    "office:benefit_registry_progress": READERS,
    "office:benefit_registry_file": READERS,
    "office:benefit_registry_new": BENEFIT_KEEPERS,
    "office:benefit_registry_send": BENEFIT_KEEPERS,
    "office:benefit_registry_drop": BENEFIT_KEEPERS,
    "office:debt_answer": READERS,
    "office:subsidies": READERS,
    "office:subsidy_file": READERS,
    "office:subsidy_new": BENEFIT_KEEPERS,
    "office:subsidy_reverse": BENEFIT_KEEPERS,
    "office:subsidy_decide": BENEFIT_KEEPERS,
    "office:recalculations": READERS,
    "office:recalculation_new": BILLERS,
    "office:run_changes": READERS,
    "office:run_account_changes": READERS,
    "office:account_recalculation": READERS,
    "office:account_settle": SETTLERS,
    "office:account_manual": READING_TAKERS,
    "office:manual_recalculations": READERS,
    "office:manual_decide": APPROVERS,
    "office:bill_page": READERS,
    "office:bill_issue": PRINTERS,
    "office:prints": READERS,
    "office:print": READERS,
    "office:print_progress": READERS,
    "office:print_file": READERS,
    "office:print_new": PRINTERS,
    "office:payment_files": READERS,
    "office:payment_file": READERS,
    "office:payment_file_progress": READERS,
    "office:payment_file_answer": READERS,
    "office:payment_file_new": MONEY_TAKERS,
    "office:payment_file_reverse": MONEY_KEEPERS,
    "office:bank_lines": READERS,
    "office:bank_line": READERS,
    "office:bank_line_decide": MONEY_TAKERS,
    "office:bank_reconcile": MONEY_TAKERS,
    "office:payment_agents": READERS,
    "office:payment_agent": MONEY_KEEPERS,
    "office:payment_agent_new": MONEY_KEEPERS,
    "office:penalties": READERS,
    "office:penalty_run": READERS,
    "office:penalty_run_progress": READERS,
    "office:penalty_run_accounts": READERS,
    "office:penalty_run_account": READERS,
    "office:penalty_run_new": PENALTY_RUNNERS,
    "office:penalty_run_count": PENALTY_RUNNERS,
    "office:penalty_run_discard": PENALTY_RUNNERS,
    "office:penalty_run_approve": APPROVERS,
    "office:penalty_run_reverse": APPROVERS,
    "office:penalty_exclusions": READERS,
    "office:penalty_exclusion_new": MONEY_KEEPERS,
    "office:penalty_exclusion_cancel": MONEY_KEEPERS,
    "office:account_penalties": READERS,
    "office:account_penalty_sheet": READERS,
    "office:account_debtor": MONEY_KEEPERS,
    "office:buildings": READERS,
    "office:building": READERS,
    "office:account_devices": READERS,
    "office:premise_devices": READERS,
    "office:building_devices": READERS,
    "office:acts": READERS,
    "office:act": READERS,
    "office:act_form": READERS,
    "office:act_new": ACT_WRITERS,
    "office:act_annul": ACT_WRITERS,
    "office:seals": READERS,
    "office:seal_undo": ACT_WRITERS,
    "office:unsealed": READERS,
    "office:verifications": READERS,
    "office:verification_file": ACT_WRITERS,
    "office:building_new": BUILDING_KEEPERS,
    "office:building_passport": BUILDING_KEEPERS,
    "office:building_page": READERS,
    "office:building_terms": BUILDING_KEEPERS,
    "office:building_close": BUILDING_KEEPERS,
    "office:building_premises": READERS,
    "office:premise_new": KEEPERS,
    "office:premise": READERS,
    "office:premise_terms": KEEPERS,
    "office:premise_account": KEEPERS,
    "office:premise_shares": KEEPERS,
    "office:premise_resident": KEEPERS,
    "office:premise_absence": KEEPERS,
    "office:resident_leave": KEEPERS,
    "office:resident_name": KEEPERS,
    "office:resident_strike": KEEPERS,
    "office:absences": READERS,
    "office:absence": READERS,
    "office:absence_page": READERS,
    "office:absence_approve": APPROVERS,
    "office:absence_refuse": APPROVERS,
    "office:absence_withdraw": KEEPERS,
    "office:account_history": READERS,
    "office:account_close": KEEPERS,
    "office:account_payer": KEEPERS,
    "office:account_service": KEEPERS,
    "office:account_move": KEEPERS,
    "office:account_handover": READERS,
    "office:account_final_bill": PRINTERS,
    "office:departures": READERS,
    "office:runs": READERS,
    "office:run": READERS,
    "office:run_progress": READERS,
    "office:run_exceptions": READERS,
    "office:run_new": BILLERS,
    "office:run_rate": BILLERS,
    "office:run_discard": BILLERS,
    "office:run_approve": APPROVERS,
    "office:run_cancel": APPROVERS,
    # which of the reports, each report says itself: test_reports walks them
    "office:reports": READERS,
    "office:report": READERS,
    "office:report_export": READERS,
    "office:report_file": READERS,
    "office:report_file_progress": READERS,
    "office:report_file_download": READERS,
    "office:payments": READERS,
    "office:payment": READERS,
    "office:payment_accounts": READERS,
    "office:payment_row": READERS,
    "office:payment_suggestions": READERS,
    "office:payments_unidentified": READERS,
    "office:payment_policies": READERS,
    "office:payment_locks": READERS,
    "office:account_payments": READERS,
    "office:payment_new": MONEY_TAKERS,
    "office:payment_preview": MONEY_TAKERS,
    "office:payment_identify": MONEY_TAKERS,
    "office:payment_unidentify": MONEY_TAKERS,
    "office:payment_return": MONEY_TAKERS,
    "office:payment_undo": MONEY_TAKERS,
    "office:payment_reverse": MONEY_KEEPERS,
    "office:payment_refund": MONEY_KEEPERS,
    "office:payment_transfer": MONEY_KEEPERS,
    "office:payment_purpose": MONEY_KEEPERS,
    "office:payment_policy_new": MONEY_KEEPERS,
    "office:payment_lock": MONEY_KEEPERS,
    "office:payment_remainders": MONEY_KEEPERS,
    "office:account_write_off": MONEY_KEEPERS,
    "office:cash_desks": READERS,
    "office:cash_till": CASHIERS,
    "office:cash_panel": CASHIERS,
    "office:cash_find": CASHIERS,
    "office:cash_pay": CASHIERS,
    "office:cash_settings": READERS,
    "office:cash_desk_new": {Role.ADMINISTRATOR},
    "office:cash_desk_edit": {Role.ADMINISTRATOR},
    "office:cash_open": CASHIERS,
    "office:cash_shifts": READERS,
    "office:cash_shift": READERS,
    "office:cash_close": CASHIERS,
    "office:cash_print": CASHIERS,
    "office:cash_report": READERS,
    "office:cash_move": CASHIERS,
    "office:cash_undo": CASHIERS,
    "office:cash_order_form": READERS,
    "office:cash_slip": READERS,
    "webhooks:acquiring": ANYBODY_AT_ALL,
    "office:online_pay": ANYBODY_AT_ALL,
    "office:online_orders": READERS,
    "office:online_order": READERS,
    "office:online_refund": MONEY_KEEPERS,
    "office:online_ask": MONEY_TAKERS,
    "office:online_days": READERS,
    "office:online_days_ask": MONEY_TAKERS,
    "office:online_settings": READERS,
    "office:online_agent": MONEY_KEEPERS,
    "office:online_agent_new": MONEY_KEEPERS,
    "office:account_pay_link": MONEY_TAKERS,
    "office:periods": READERS,
    "office:period_open": APPROVERS,
    "office:period_close": APPROVERS,
}
SAMPLES = {
    "agent_code": "card",
    "online_id": "00000000-0000-0000-0000-000000000001",
    "payment_id": 1,
    "account_id": 1,
    "manual_id": 1,
    "act_id": 1,
    "seal_id": 1,
    "kind": "check",
    "number": "0000000000",
    "month": "2026-10",
    "building_id": 1,
    "run_id": 1,
    "print_id": 1,
    "file_id": 1,
    "code": "meters",
    "row_id": 1,
    "premise_id": 1,
    "resident_id": 1,
    "absence_id": 1,
    "holder_id": 1,
    "registry_id": 1,
    "exclusion_id": 1,
    "desk_id": 1,
    "shift_id": 1,
    "order_id": 1,
    "form": "pdf",
    "agent_id": 1,
    "line_id": 1,
}


def addresses(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the product with its full name."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            spaces = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from addresses(pattern, spaces)
        else:
            yield f"{prefix}{pattern.name}", pattern


def test_every_address_is_listed() -> None:
    found = [name for name, _pattern in addresses()]
    assert sorted(found) == sorted(MATRIX), "list the new address in MATRIX with the roles it is for"
    assert len(found) == len(set(found))


def test_every_view_declares_its_roles() -> None:
    silent = [name for name, pattern in addresses() if allowed_roles(pattern.callback) is None]
    assert not silent


@pytest.mark.django_db
@pytest.mark.parametrize("role", [None, *Role], ids=lambda role: role or "nobody")
def test_who_may_open_what(role: Role | None, client: Client) -> None:
    if role:
        client.force_login(user(role))
    wrong = []
    for name, pattern in addresses():
        arguments = {key: SAMPLES[key] for key in pattern.pattern.converters}
        # a 404 of the view itself is past the door; the sample account and run do not exist
        response = client.get(reverse(name, kwargs=arguments))
        allowed = MATRIX[name]
        if allowed is ANYBODY_AT_ALL:
            right = response.status_code != 403
        elif role is None:
            right = response.status_code == 302 and response["Location"].startswith("/sign-in/?next=")
        elif role in allowed:
            right = response.status_code != 403 and "/sign-in/" not in response.get("Location", "")
        else:
            right = response.status_code == 403
        if not right:
            wrong.append((name, response.status_code))
    assert not wrong


@pytest.mark.django_db
def test_a_dismissed_user_is_out(client: Client) -> None:
    member = user(Role.ADMINISTRATOR)
    client.force_login(member)
    member.is_active = False
    member.save()
    assert client.get(reverse("office:desk")).status_code == 302


@pytest.mark.django_db
def test_a_part_of_a_page_sends_the_browser_to_sign_in(client: Client) -> None:
    response = client.get(reverse("office:search"), headers={"HX-Request": "true"})
    assert response["HX-Redirect"] == "/sign-in/"
