"""The key that signs sessions: from `ABONENT_SECRET_KEY`, or made once and kept in the data folder."""

import os
import secrets
from contextlib import suppress

from abonent.gateways.home import ensure_home


def signing_key() -> str:
    if key := os.environ.get("ABONENT_SECRET_KEY"):
        return key
    path = ensure_home() / "secret_key"
    if not path.exists():
        draft = path.with_name(f"secret_key.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        with suppress(FileExistsError):  # another process was quicker: its key holds
            os.link(draft, path)
        draft.unlink()
    return path.read_text()
