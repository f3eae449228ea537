"""Starting the gateway: granian, one process or several, from the command line or from `onevoice serve`."""

from granian.constants import HTTPModes, Interfaces, Loops
from granian.log import LogLevels
from granian.server.mp import MPServer

from onevoice.wiring.settings import Settings

#: The factory that each server process calls.
TARGET = "onevoice.gateway.app:make"


def server(settings: Settings, target: str = TARGET) -> MPServer:
    """
    Return a server that is ready to `serve()`.

    The processes read their settings from the environment, so ONEVOICE_HOME must name the workspace.
    """
    return MPServer(
        target,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.auto,
        loop=Loops.uvloop,
        workers=settings.workers,
        backlog=2_048,
        log_level=LogLevels.warning,
        factory=True,
        respawn_failed_workers=True,
        workers_kill_timeout=20,
        websockets=False,
    )
