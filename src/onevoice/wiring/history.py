"""The one migration history: the intake's steps, the state's steps, then Django's; see docs/adr/0001."""

from types import SimpleNamespace

from onevoice import console
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import open_intake, open_state, secret_of


def migrate_all(settings: Settings) -> None:
    """Bring the tables of both stores, Django's included, up to date."""
    open_intake(settings).close()
    state = open_state(settings)
    console.setup(SimpleNamespace(state=state), settings, secret_of(settings))
    console.migrate()
    state.close()
