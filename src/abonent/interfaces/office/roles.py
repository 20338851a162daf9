"""Who may open which page: declared at the view with `allow`; one that declares nothing is closed to all."""

from collections.abc import Callable
from functools import cache
from typing import TypeVar

from django.http import HttpRequest, HttpResponse

from abonent.contexts.access.models import Role

View = TypeVar("View", bound=Callable[..., HttpResponse])

ANYONE = "anyone"  # even a person who has not signed in
STAFF = frozenset(Role)
READING_TAKERS = frozenset({Role.OPERATOR, Role.ENGINEER, Role.ACCOUNTANT, Role.ADMINISTRATOR})
DECIDERS = frozenset({Role.OPERATOR, Role.ENGINEER, Role.ADMINISTRATOR})
BILLERS = frozenset({Role.ENGINEER, Role.ACCOUNTANT, Role.MANAGER, Role.ADMINISTRATOR})
APPROVERS = frozenset({Role.ACCOUNTANT, Role.MANAGER, Role.ADMINISTRATOR})
# who keeps accounts, premises and the people in them; who keeps buildings
KEEPERS = READING_TAKERS
BUILDING_KEEPERS = frozenset({Role.ENGINEER, Role.MANAGER, Role.ADMINISTRATOR})
# who posts what waits of an account at once; who proposes a sum decided by hand
SETTLERS = frozenset({Role.ENGINEER, Role.ACCOUNTANT, Role.ADMINISTRATOR})
PROPOSERS = READING_TAKERS
PRINTERS = STAFF - {Role.AUDITOR}
# who settles benefits and subsidies with the state
BENEFIT_KEEPERS = frozenset({Role.ACCOUNTANT, Role.ADMINISTRATOR})
# who takes money over the counter; who takes in files and decides whose a payment is; who undoes money, locks days and
# sets the order of allocation; who calculates penalties
CASHIERS = frozenset({Role.OPERATOR, Role.ACCOUNTANT, Role.ADMINISTRATOR})
MONEY_TAKERS = frozenset({Role.OPERATOR, Role.ACCOUNTANT, Role.ADMINISTRATOR})
MONEY_KEEPERS = frozenset({Role.ACCOUNTANT, Role.ADMINISTRATOR})
PENALTY_RUNNERS = frozenset({Role.ENGINEER, Role.ACCOUNTANT, Role.ADMINISTRATOR})


def allow(*roles: str) -> Callable[[View], View]:
    """Declare the roles a view is for; `allow(ANYONE)` opens it to people who have not signed in."""

    def mark(view: View) -> View:
        view.allowed_roles = frozenset(roles)  # type: ignore[attr-defined]
        return view

    return mark


def allowed_roles(view: object) -> frozenset[str] | None:
    """Return what `allow` declared, or None when nothing was."""
    return getattr(view, "allowed_roles", None)


def may_open(user: object, view: object) -> bool:
    """Tell whether this user, signed in or not, may open the view."""
    roles = allowed_roles(view) or frozenset()
    if ANYONE in roles:
        return True
    return bool(getattr(user, "is_active", False)) and getattr(user, "role", None) in roles


@cache
def view_named(name: str) -> object:
    """Return the view of the office that bears this name in its addresses."""
    from abonent.interfaces.office.urls import urlpatterns

    return {pattern.name: pattern.callback for pattern in urlpatterns}[name]


def may(request: HttpRequest, name: str) -> bool:
    """Tell whether the one who asks may open the office's view of this name."""
    return may_open(request.user, view_named(name))
