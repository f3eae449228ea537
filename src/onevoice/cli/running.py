"""Commands that keep the house running: serve, gateway. They import little, for they start others."""

import http.client
import os
import socket
import subprocess
import sys
import threading

import typer
from granian import Granian
from granian.constants import Interfaces

from onevoice.cli.supervisor import Child, Supervisor, command, follow_parent, stop_on_signals
from onevoice.cli.workspace import current
from onevoice.domain.errors import NotAllowed
from onevoice.wiring import logs
from onevoice.wiring.settings import PREFIX, Settings


class PortTaken(NotAllowed):
    """Something else listens on this port; choose another with --port."""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    for function in (serve, gateway):
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
