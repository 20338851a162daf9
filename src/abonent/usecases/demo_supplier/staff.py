"""One user of each role to try the office with, and a password that is drawn and kept where only the owner reads."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from abonent.contexts.access.models import Role, User
from abonent.gateways.home import ensure_home

_NAMES = {
    Role.OPERATOR: ("Ольга", "Операторова"),
    Role.ENGINEER: ("Игорь", "Расчётов"),
    Role.ACCOUNTANT: ("Анна", "Бухгалтерова"),
    Role.MANAGER: ("Михаил", "Начальников"),
    Role.ADMINISTRATOR: ("Алексей", "Администраторов"),
    Role.AUDITOR: ("Вера", "Ревизорова"),
}


@dataclass(frozen=True)
class Staff:
    """Who can sign in. `password` is empty when it is not kept here; `made` tells whether they were made now."""

    names: tuple[str, ...]
    password: str
    kept_in: Path
    made: bool


def hire() -> Staff:
    """Make the users of the sample supplier unless there are users already."""
    kept_in = ensure_home() / "demo-users"
    names = tuple(role.value for role in Role)
    with transaction.atomic():
        made = not User.objects.exists()
        if made:
            password = secrets.token_urlsafe(9)
            for role, (first_name, last_name) in _NAMES.items():
                User.objects.create_user(
                    role.value, password=password, role=role, first_name=first_name, last_name=last_name
                )
            kept_in.unlink(missing_ok=True)
            with open(os.open(kept_in, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{password} {' '.join(names)}\n")
    password = kept_in.read_text().split()[0] if kept_in.exists() else ""
    return Staff(names, password, kept_in, made)
