"""Commands about the workspace itself: init, keys."""

from importlib import resources
from pathlib import Path

import typer
import yaml

from onevoice.adapters.state.keys import Keys
from onevoice.cli import templates
from onevoice.domain.errors import BadInput
from onevoice.wiring import settings as settings_of
from onevoice.wiring.history import migrate_all
from onevoice.wiring.workspace import is_workspace, now, open_state, secret_of

keys = typer.Typer(no_args_is_help=True, help="API keys: public write keys and secret server keys.")


class NotAWorkspace(BadInput):
    """This folder is no workspace; run `onevoice init NAME` and change into it, or set ONEVOICE_HOME."""


class AlreadyAWorkspace(BadInput):
    """This folder is a workspace already; nothing was changed."""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(init)
    app.command(name="migrate")(migrate_stores)
    app.add_typer(keys, name="keys")


def current() -> settings_of.Settings:
    """
    Return the settings of the workspace we stand in.

    Raises:
        NotAWorkspace: There is none.
    """
    found = settings_of.read()
    if not is_workspace(Path(found.home)):
        raise NotAWorkspace
    return found


def init(folder: Path = typer.Argument(help="The new workspace folder.")) -> None:
    """Make a workspace: a folder with onevoice.yaml, its documents and its stores."""
    if is_workspace(folder):
        raise AlreadyAWorkspace(f"{folder} is a workspace already; nothing was changed.")
    folder.mkdir(parents=True, exist_ok=True)
    written = yaml.safe_dump({"workspace": folder.resolve().name})
    (folder / settings_of.FILE).write_text("# Settings of this workspace; docs/settings.md lists them all.\n" + written)
    settings = settings_of.read(folder)
    secret_of(settings)
    migrate_all(settings)
    templates.copy(resources.files("onevoice.cli") / "starter", folder, now=now())
    print(f"Workspace {folder} is ready. Next: cd {folder} && onevoice keys add website --kind write")


def migrate_stores() -> None:
    """Bring the tables of both stores up to date."""
    migrate_all(current())
    print("The stores are up to date.")


@keys.command("add")
def add(
    name: str, kind: str = typer.Option("write", help="write: public, for browsers and apps; secret: for servers.")
) -> None:
    """Make a key and print it; a secret key is shown this once only."""
    if kind not in {"write", "secret"}:
        raise BadInput("A key is of kind write or secret.")
    _, token = Keys(open_state(current())).add(name, "write" if kind == "write" else "secret", now=now())
    print(token)


@keys.command("list")
def list_keys() -> None:
    """List the keys, newest first."""
    for key in Keys(open_state(current())).list():
        print(f"{key.id}  {key.kind:<6}  …{key.hint}  {key.name}{'  (revoked)' if key.revoked_at else ''}")


@keys.command("revoke")
def revoke(key_id: str) -> None:
    """End a key's life; `onevoice keys restore` undoes it."""
    Keys(open_state(current())).revoke(key_id, now=now())
    print(f"Key {key_id} is revoked.")


@keys.command("restore")
def restore(key_id: str) -> None:
    """Undo a revocation."""
    Keys(open_state(current())).restore(key_id)
    print(f"Key {key_id} works again.")
