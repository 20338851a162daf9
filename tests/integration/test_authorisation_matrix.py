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
BILLERS = {Role.ENGINEER, Role.ACCOUNTANT, Role.MANAGER, Role.ADMINISTRATOR}
APPROVERS = {Role.ACCOUNTANT, Role.MANAGER, Role.ADMINISTRATOR}
PRINTERS = EVERYBODY - {Role.AUDITOR}
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
    "office:reading_enter": READING_TAKERS,
    "office:reading_undo": READING_TAKERS,
    "office:reading_annul": READING_TAKERS,
    "office:bill_page": READERS,
    "office:bill_issue": PRINTERS,
    "office:prints": READERS,
    "office:print": READERS,
    "office:print_progress": READERS,
    "office:print_file": READERS,
    "office:print_new": PRINTERS,
    "office:buildings": READERS,
    "office:building": READERS,
    "office:runs": READERS,
    "office:run": READERS,
    "office:run_progress": READERS,
    "office:run_exceptions": READERS,
    "office:run_new": BILLERS,
    "office:run_rate": BILLERS,
    "office:run_discard": BILLERS,
    "office:run_approve": APPROVERS,
    "office:run_cancel": APPROVERS,
    "office:periods": READERS,
    "office:period_open": APPROVERS,
    "office:period_close": APPROVERS,
}
SAMPLES = {"number": "0000000000", "month": "2026-10", "building_id": 1, "run_id": 1, "print_id": 1}


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
