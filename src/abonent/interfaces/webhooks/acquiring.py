"""Notices of acquirers. Nothing of what they hold goes to the log."""

import json
import logging

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from abonent.usecases.online_payments import Heard, hear

LARGEST_NOTICE = 64 * 1024
UNBELIEVED_A_MINUTE = 20
_log = logging.getLogger("abonent.webhooks")


@csrf_exempt
@require_POST
def notice(request: HttpRequest, agent_code: str) -> HttpResponse:
    """Hear a notice; `OK` is what the acquirer waits for, anything else makes it send again.

    Notices that are signed wrong are kept up to so many a minute; one that is signed right is always heard.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit() or int(length) > LARGEST_NOTICE:
        return _answer("too large", 413)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        return _answer("not understood", 400)
    key = f"webhooks.unbelieved:{agent_code}"
    unbelieved = cache.get(key, 0)
    heard = hear(
        agent_code=agent_code,
        body=body,
        at=timezone.now(),
        keep_unbelieved=unbelieved < UNBELIEVED_A_MINUTE,
    )
    if heard is Heard.NO_AGENT:
        return _answer("no such channel", 404)
    if heard is Heard.NOT_BELIEVED:
        if unbelieved == 0:
            _log.warning("a notice to %s was signed wrong", agent_code)
        cache.set(key, unbelieved + 1, 60)
        return _answer("not believed", 429 if unbelieved >= UNBELIEVED_A_MINUTE else 403)
    return _answer("OK", 200)


# the door of the office lets everybody through to where this is said
notice.allowed_roles = frozenset({"anyone"})  # type: ignore[attr-defined]


def _answer(text: str, status: int) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain")
