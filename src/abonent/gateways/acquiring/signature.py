"""The signature of T-Bank's acquiring, of requests and notices alike.

https://developer.tbank.ru/eacq/intro/developer/token: SHA-256 of the values of the root's scalar parameters and the
password, put one after another in the order of their names; nested objects and arrays are left out.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any


def token(parameters: Mapping[str, Any], /, *, password: str) -> str:
    """Return the token of a request, 64 hexadecimal figures. A `Token` among the parameters does not count."""
    signed = {name: _written(value) for name, value in parameters.items() if _counts(name, value)}
    signed["Password"] = password
    return hashlib.sha256("".join(signed[name] for name in sorted(signed)).encode()).hexdigest()


def is_signed(parameters: Mapping[str, Any], /, *, password: str) -> bool:
    """Tell whether the token is the right one; the time it takes tells nothing."""
    given = parameters.get("Token")
    if not isinstance(given, str):
        return False
    try:
        return hmac.compare_digest(given.lower().encode(), token(parameters, password=password).encode())
    except UnicodeEncodeError:  # half a surrogate pair: nobody signs that
        return False


def _counts(name: str, value: Any) -> bool:
    return name != "Token" and value is not None and not isinstance(value, dict | list)


def _written(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
