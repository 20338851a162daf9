"""The data folder of an installation: database, keys, printed documents."""

import os
from pathlib import Path

import platformdirs


class HomeError(Exception):
    """The data folder cannot be made; the text says why and what to do."""


def home() -> Path:
    """Return the data folder, which may not exist yet: `ABONENT_HOME`, or the place usual for this user."""
    if named := os.environ.get("ABONENT_HOME"):
        return Path(named).absolute()
    if os.geteuid() == 0:
        # /root is closed to everybody else, and the database server must not run as root.
        return Path("/var/lib/abonent")
    return platformdirs.user_data_path("abonent")


def ensure_home() -> Path:
    """
    Return the data folder, made when absent; the rights of a folder that exists are left as they are.

    Raises HomeError when it cannot be made.
    """
    folder = home()
    if not folder.is_dir():
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise HomeError(
                f"The data folder cannot be made: {error}. Set ABONENT_HOME to another place."
            ) from error
        # For root the server's user must pass through on the way to its own folder, but need not list it.
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder
