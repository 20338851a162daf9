"""`abonent up` and `abonent worker`: the programs that keep running."""

import ctypes
import signal
import socket
import subprocess
import sys
import time
from typing import Annotated

import typer

from abonent.gateways import database_server, queue
from abonent.interfaces.cli import runtime

app = typer.Typer()

_PR_SET_PDEATHSIG = 1  # from <linux/prctl.h>
_PATIENCE_SECONDS = 15  # a job cut off later is put back in the queue by another worker


@app.command()
def worker(
    once: Annotated[bool, typer.Option("--once", help="Stop when the queue is empty.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--queue", help="Only this queue; may be repeated.")
    ] = None,
) -> None:
    """Work off the queue until stopped."""
    runtime.ready()
    queue.run_worker(queues=only, wait=not once)


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the office.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen at; a proxy with HTTPS belongs in front of any other.")
    ] = "127.0.0.1",
    workers: Annotated[int, typer.Option(min=1, help="Processes of the web server.")] = 1,
) -> None:
    """Serve the office, with a worker beside it, until Ctrl-C."""
    _refuse_taken_port(host, port)
    if database_server.is_embedded():
        runtime.migrate()
    runtime.ready()
    web = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(workers), "--blocking-threads", "4", "--no-ws", "--log-level", "warning",
        "--workers-kill-timeout", "5", "abonent.project.wsgi:application",
    ]  # fmt: skip
    jobs = [sys.executable, "-c", "from abonent.interfaces.cli import main; main()", "worker"]
    typer.echo(f"The office is at http://{host}:{port}/ – Ctrl-C stops it.")
    raise typer.Exit(_supervise({"web server": web, "worker": jobs}))


def _refuse_taken_port(host: str, port: int) -> None:
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        reason = f"abonent: cannot serve at {host}, port {port}: {error.strerror}. Name another: abonent up --port 8001"
        typer.echo(reason, err=True)
        raise typer.Exit(1) from error


def _supervise(commands: dict[str, list[str]]) -> int:
    """Run the commands side by side until a signal, or until one of them ends; then stop the rest."""
    stopping = False

    def stop(_signal: int, _frame: object) -> None:
        nonlocal stopping
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    # Sessions of their own: Ctrl-C reaches only us, and we stop them in order. Should we be killed outright,
    # the kernel tells them to stop.
    libc = ctypes.CDLL(None)
    running = {
        name: subprocess.Popen(
            command,
            start_new_session=True,
            preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM),
        )
        for name, command in commands.items()
    }
    ended = None
    while not stopping and ended is None:
        time.sleep(0.2)
        ended = next((name for name, process in running.items() if process.poll() is not None), None)
    for process in running.values():
        process.terminate()
    patience_ends = time.monotonic() + _PATIENCE_SECONDS
    for process in running.values():
        try:
            process.wait(max(0.1, patience_ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if ended is None:
        return 0
    typer.echo(
        f"abonent: the {ended} ended by itself with code {running[ended].returncode}; all is stopped.",
        err=True,
    )
    return 1
