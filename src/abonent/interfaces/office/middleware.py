"""What every answer of the office goes through: the door and the language."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import translation
from django_htmx.http import HttpResponseClientRedirect

from abonent.contexts.access.models import Role
from abonent.contexts.parties.queries import NoSupplier
from abonent.interfaces.office.roles import allowed_roles, may_open

Answer = Callable[[HttpRequest], HttpResponse]


class Door:
    """Refuses a view to whoever its `allow` does not name; a view without one is refused to everybody.

    Where no supplier is set up yet, it says so instead of a page about one.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        if may_open(request.user, view):
            return None
        if not request.user.is_authenticated:
            if request.htmx:
                return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL))
            return redirect_to_login(request.get_full_path())
        names = [Role(role).label for role in sorted(allowed_roles(view) or ()) if role in Role]
        return render(request, "office/refused.html", {"roles": names}, status=403)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, NoSupplier):
            return None
        return render(request, "office/not_set_up.html", status=409)


class UserLanguage:
    """Speaks the language kept on the user; before signing in, the one Django found."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and request.user.language in dict(settings.LANGUAGES):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)
