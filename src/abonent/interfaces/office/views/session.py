"""Signing in and out, and the language to speak."""

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from abonent.interfaces.office.roles import ANYONE, STAFF, allow

sign_in = allow(ANYONE)(
    LoginView.as_view(template_name="office/sign_in.html", redirect_authenticated_user=True)
)
sign_out = allow(*STAFF)(LogoutView.as_view(next_page=settings.LOGIN_URL))


@allow(ANYONE)
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language on the user, or in a cookie before signing in."""
    chosen = request.POST.get("language", "")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response = HttpResponseRedirect(back)
    if chosen in dict(settings.LANGUAGES):
        if request.user.is_authenticated:
            request.user.language = chosen
            request.user.save(update_fields=["language"])
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            chosen,
            max_age=365 * 24 * 3600,
            samesite="Lax",
            secure=request.is_secure(),
        )
    return response
