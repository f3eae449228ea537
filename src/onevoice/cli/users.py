"""Commands about the people who work in the console: add, list, link."""

from types import SimpleNamespace

import typer

from onevoice import console
from onevoice.cli.workspace import current
from onevoice.console import entrance
from onevoice.wiring.workspace import open_state, secret_of

users = typer.Typer(no_args_is_help=True, help="People who work in the console.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(users, name="users")


def _enter() -> None:
    settings = current()
    console.setup(SimpleNamespace(state=open_state(settings)), settings, secret_of(settings))
    console.migrate()


@users.command("add")
def add(
    email: str,
    role: str = typer.Option("marketer", help="owner, admin, marketer, sales, service or analyst."),
    name: str = typer.Option("", help="How they are called."),
) -> None:
    """Add a member and print the link with which they choose a password."""
    _enter()
    print(entrance.add(email, role, name))


@users.command("list")
def list_users() -> None:
    """List the members."""
    _enter()
    for email, name, role, active in entrance.members():
        print(f"{role:<9} {email}  {name}{'' if active else '  (closed)'}")


@users.command("link")
def link(email: str = typer.Argument("", help="Whose; empty: the owner's.")) -> None:
    """Print a link that signs a member in once, within the hour."""
    _enter()
    print(entrance.link(email) if email else entrance.owner_link())
