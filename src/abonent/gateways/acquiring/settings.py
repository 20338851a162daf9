"""Where a terminal's key and password are kept: in the environment, or in the data folder; never in the database.

`ABONENT_ACQUIRING_<CODE>_TERMINAL` and `…_PASSWORD` (with `…_URL` and `…_CA_FILE` where they differ from the usual), or
the file `acquiring.json` of the data folder: {"<code>": {"terminal": …, "password": …, "url": …, "ca_file": …}}.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from abonent.gateways.home import home

USUAL_URL = "https://securepay.tinkoff.ru/v2"
LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A terminal as it is reached. What is secret is left out of its repr."""

    url: str
    key: str = field(repr=False)
    password: str = field(repr=False)
    ca_file: str = ""


class NotSetUp(Exception):
    """The terminal of an agent cannot be used; `code`: absent, bad_url, bad_file."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def terminal_of(agent_code: str) -> Terminal:
    """Return the terminal of an agent. Raises NotSetUp."""
    told = _environment(agent_code) or _file(agent_code)
    if not told.get("terminal") or not told.get("password"):
        raise NotSetUp("absent")
    url = told.get("url") or USUAL_URL
    parts = urlsplit(url)
    if not parts.hostname or not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOCAL_HOSTS)
    ):
        raise NotSetUp("bad_url")
    return Terminal(
        url=url, key=told["terminal"], password=told["password"], ca_file=told.get("ca_file") or ""
    )


def variable(agent_code: str, name: str) -> str:
    """Return the name of an environment variable of an agent."""
    return f"ABONENT_ACQUIRING_{re.sub(r'[^A-Z0-9]', '_', agent_code.upper())}_{name}"


def _environment(agent_code: str) -> dict[str, str]:
    names = {"terminal": "TERMINAL", "password": "PASSWORD", "url": "URL", "ca_file": "CA_FILE"}
    return {
        key: value for key, name in names.items() if (value := os.environ.get(variable(agent_code, name)))
    }


def _file(agent_code: str) -> Mapping[str, Any]:
    try:
        told = json.loads((home() / "acquiring.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        raise NotSetUp("bad_file") from None
    one = told.get(agent_code, {}) if isinstance(told, dict) else None
    if not isinstance(one, dict) or not all(isinstance(value, str) for value in one.values()):
        raise NotSetUp("bad_file")
    return one
