"""The shell door: `onevoice …`. One module for each group of commands, imported only when it is asked for."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from onevoice import __version__
from onevoice.domain.errors import OnevoiceError

#: Command -> the module that has `register(app)` for it. `onevoice --help` lists them in this order.
COMMANDS = {
    "init": "workspace",
    "demo": "demo",
    "serve": "running",
    "keys": "workspace",
    "users": "users",
    "import": "imports",
    "people": "people",
    "person": "people",
    "why": "identity",
    "same": "identity",
    "not-same": "identity",
    "withdraw": "identity",
    "identity": "identity",
    "linkage": "linkage",
    "export-person": "people",
    "erase": "people",
    "erasures": "people",
    "audience": "audience",
    "apply": "campaign",
    "export": "campaign",
    "compose": "campaign",
    "prove": "campaign",
    "send": "campaign",
    "report": "report",
    "rejected": "rejected",
    "rebuild": "working",
    "doctor": "working",
    "migrate": "workspace",
    "gateway": "running",
    "worker": "working",
}


class Commands(TyperGroup):
    """The commands, each found in its module when it is needed: nobody waits for what others import."""

    def list_commands(self, _: Any) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command from its module, or None."""
        module = COMMANDS.get(cmd_name)
        return None if module is None else group_of(module).get_command(ctx, cmd_name)


def group_of(module: str) -> Any:
    """Return all commands of one module as a group."""
    part = typer.Typer()
    part.callback()(_nothing)
    import_module(f"onevoice.cli.{module}").register(part)
    return typer.main.get_command(part)


def _nothing() -> None:
    """Keep a module with a single command a group."""


app = typer.Typer(
    cls=Commands, no_args_is_help=True, add_completion=False, help="One customer, one message, every medium."
)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; an expected error is one plain sentence and exit code 1."""
    try:
        app()
    except OnevoiceError as error:
        print(f"onevoice: {error}", file=sys.stderr)
        sys.exit(1)
