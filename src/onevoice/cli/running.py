"""Commands that keep the house running: serve, gateway, worker, rebuild, doctor."""

import http.client
import os
import socket
import subprocess
import sys
import threading
from enum import StrEnum

import typer
from granian import Granian
from granian.constants import Interfaces
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from onevoice.cli.supervisor import Child, Supervisor, command, follow_parent, stop_on_signals
from onevoice.cli.workspace import current
from onevoice.domain.errors import NotAllowed
from onevoice.wiring import logs
from onevoice.wiring.settings import PREFIX, Settings
from onevoice.wiring.stores import Stores
from onevoice.worker import checkup
from onevoice.worker.rebuild import Rebuild
from onevoice.worker.shift import Role, Shift

screen = Console(stderr=True)


class PortTaken(NotAllowed):
    """Something else listens on this port; choose another with --port."""


class Unwell(NotAllowed):
    """At least one check failed; each line above says what to do."""


class Differs(NotAllowed):
    """What is stored differs from what the log says; `onevoice rebuild` without --check puts it right."""


class Part(StrEnum):
    """What one worker process does."""

    all = "all"
    resolve = "resolve"
    consume = "consume"


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for function in (serve, gateway, worker, rebuild, doctor):
        app.command()(function)


def serve(
    host: str = typer.Option("", help="Address to listen on; default: the setting `host`."),
    port: int = typer.Option(0, help="Port to listen on; default: the setting `port`."),
) -> None:
    """Run everything: gateway, console and worker, until Ctrl-C."""
    settings = _at(host, port)
    logs.configure(settings)
    _check_port(settings)
    subprocess.run(command("migrate"), check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # our own command line
    stop = stop_on_signals()
    children = [
        Child(name="gateway", argv=command("gateway", "--pages")),
        Child(name="resolver", argv=command("worker", "--part", "resolve")),
        Child(name="consumers", argv=command("worker", "--part", "consume")),
    ]
    threading.Thread(target=_announce, args=(settings, stop), daemon=True).start()
    Supervisor(children).run(stop)


def gateway(
    host: str = typer.Option("", help="Address to listen on; default: the setting `host`."),
    port: int = typer.Option(0, help="Port to listen on; default: the setting `port`."),
    pages: bool = typer.Option(False, "--pages", help="Serve the console on the same port."),
) -> None:
    """Run the door for machines alone (tracking, profiles, links), for scale; --pages adds the console."""
    settings = _at(host, port)
    logs.configure(settings)
    follow_parent()
    Granian(
        "onevoice.cli.front:make" if pages else "onevoice.gateway.app:make",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.workers,
        factory=True,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=15,
    ).serve()


def worker(part: Part = typer.Option(Part.all, help="resolve: intake to profiles; consume: all that follows.")) -> None:
    """Run the worker alone, for scale; a second one stands by until the first ends."""
    settings = current()
    logs.configure(settings)
    stop = stop_on_signals()
    if part is Part.all:
        parts = (Part.resolve, Part.consume)
        Supervisor([Child(name=one.value, argv=command("worker", "--part", one.value)) for one in parts]).run(stop)
        return
    follow_parent()
    Shift(Stores.open(settings), settings, Role(part.value)).run(stop)


def rebuild(check: bool = typer.Option(False, "--check", help="Only compare, and exit 1 on any difference.")) -> None:
    """Replay the log into fresh tables, say what differs from what is stored, and put it right."""
    settings = current()
    logs.configure(settings)
    with Rebuild(settings) as made:
        _replay(made)
        found = made.differences()
        for line in found.lines:
            print(line)
        if found.count == 0:
            print(f"No difference: {made.events} events replayed.")
        elif check:
            raise Differs(f"{found.count} differences; `onevoice rebuild` without --check puts them right.")
        else:
            made.swap()
            print(f"Rebuilt: {found.count} differences put right.")


def _replay(made: Rebuild) -> None:
    columns = (TextColumn("Replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, disable=not screen.is_terminal) as bar:
        task = bar.add_task("replay", total=made.total)
        for done in made.replay():
            bar.update(task, completed=done)


def doctor() -> None:
    """Check the workspace: settings, folder, stores, lake, clock, worker, mail; exit 1 if something is wrong."""
    settings = current()
    table = Table("", "what", "finding", box=None, pad_edge=False)
    found = list(checkup.examine(settings))
    for finding in found:
        table.add_row({"ok": "✓", "warn": "!", "fail": "✗"}[finding.state], finding.what, finding.sentence)
    Console().print(table)
    if any(finding.state == "fail" for finding in found):
        raise Unwell


def _at(host: str, port: int) -> Settings:
    """Return the settings with what the command line overrides; child processes inherit it as environment."""
    if host:
        os.environ[f"{PREFIX}HOST"] = host
    if port:
        os.environ[f"{PREFIX}PORT"] = str(port)
    return current()


def _check_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise PortTaken(f"{settings.host}:{settings.port} cannot be used: {error.strerror}.") from error


def _announce(settings: Settings, stop: threading.Event) -> None:
    """Wait for readiness, then print where to go and what to do first."""
    while not stop.wait(0.2):
        if _is_ready(settings):
            break
    else:
        return
    url = settings.url
    print(f"\nOnevoice is ready: {url}\n", file=sys.stderr)
    print("  onevoice keys add website --kind write      a key for your site, app or till", file=sys.stderr)
    print(f'  curl -u KEY: {url}/v1/track -d \'{{"userId":"u1","event":"Order Completed"}}\'', file=sys.stderr)
    print("  onevoice people                             who is here\n\nCtrl-C ends it.\n", file=sys.stderr, flush=True)


def _is_ready(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104  # compared, not bound
    connection = http.client.HTTPConnection(host, settings.port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
