"""A workspace: the folder, its settings and its stores, opened once by whichever door needs them."""

import contextlib
import os
import secrets
import time
from pathlib import Path

from onevoice.adapters.database import CHECKPOINT_OF_INTAKE, Database, connect
from onevoice.adapters.migrations import migrate
from onevoice.wiring.settings import FILE, Settings


def now() -> int:
    """Return the present moment: the only clock the doors read."""
    return time.time_ns() // 1_000


def secret_of(settings: Settings) -> str:
    """Return the workspace's signing secret, made on first use and readable by its owner only."""
    if settings.secret:
        return settings.secret
    path = settings.root / "secret"
    with contextlib.suppress(FileExistsError):
        settings.root.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def open_state(settings: Settings) -> Database:
    """Open the state store and bring its tables up to date."""
    settings.root.mkdir(parents=True, exist_ok=True)
    database = connect(settings.state_url)
    migrate(database, "state", now=now())
    return database


def open_intake(settings: Settings) -> Database:
    """Open the intake store and bring its tables up to date."""
    settings.root.mkdir(parents=True, exist_ok=True)
    database = connect(settings.intake_url, checkpoint=CHECKPOINT_OF_INTAKE)
    migrate(database, "intake", now=now())
    return database


def is_workspace(folder: Path) -> bool:
    """Tell whether a folder holds a workspace."""
    return (folder / FILE).exists()
