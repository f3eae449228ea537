"""The shell door: `onevoice …`. One module for each group of commands."""

import sys

import typer

from onevoice import __version__
from onevoice.cli import audience, people, rejected, report, running, users, workspace
from onevoice.domain.errors import OnevoiceError

#: Modules of commands; each has `register(app)`.
GROUPS = (workspace, running, people, rejected, users, audience, report)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="One customer, one message, every medium.")


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    if version:
        print(__version__)
        raise typer.Exit


for group in GROUPS:
    group.register(app)


def main() -> None:
    """Run the command line; an expected error is one plain sentence and exit code 1."""
    try:
        app()
    except OnevoiceError as error:
        print(f"onevoice: {error}", file=sys.stderr)
        sys.exit(1)
