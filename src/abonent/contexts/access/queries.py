"""What is asked about users."""

from collections.abc import Iterable

from abonent.contexts.access.models import User


def user_names(ids: Iterable[int | None]) -> dict[int, str]:
    """Return how users are called, by id."""
    users = User.objects.filter(id__in={one for one in ids if one is not None})
    return {user.pk: user.get_full_name() or user.username for user in users}


def language_of(user_id: int) -> str | None:
    """Return the language a user reads, or None for nobody."""
    return User.objects.filter(id=user_id).values_list("language", flat=True).first()
