"""The data folder of an installation: database, keys, printed documents."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the data folder, which may not exist yet: `ABONENT_HOME`, or the place usual for this user."""
    if named := os.environ.get("ABONENT_HOME"):
        return Path(named).absolute()
    if os.geteuid() == 0:
        # /root is closed to everybody else, and the database server must not run as root.
        return Path("/var/lib/abonent")
    return platformdirs.user_data_path("abonent")


def ensure_home() -> Path:
    """Return the data folder, made when absent; the rights of a folder that exists are left as they are."""
    folder = home()
    if not folder.is_dir():
        folder.mkdir(parents=True)
        # For root the server's user must pass through on the way to its own folder, but need not list it.
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder
