"""What `onevoice doctor` looks at: everything a workspace needs, each with a sentence that says what to do."""

import contextlib
import os
import shutil
import smtplib
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from onevoice.adapters.database import Database, connect
from onevoice.adapters.migrations import pending
from onevoice.adapters.state.cursors import Cursor
from onevoice.domain.errors import OnevoiceError
from onevoice.domain.moment import HOUR, MINUTE
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now

#: Free space below which doctor warns, and below which the gateway refuses to take in more.
WARN_FREE, LEAST_FREE = 2 * 1024**3, 64 * 1024**2


class Finding(msgspec.Struct, frozen=True):
    """One line of the check-up."""

    state: Literal["ok", "warn", "fail"]
    what: str
    sentence: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield one finding for each thing that matters, without changing anything."""
    checks: tuple[tuple[str, Callable[[Settings], Finding]], ...] = (
        ("python", _python),
        ("folder", _folder),
        ("disk", _disk),
        ("state", lambda given: _store(given.state_url, "state")),
        ("intake", lambda given: _store(given.intake_url, "intake")),
        ("worker", _worker),
        ("rejected", _rejected),
        ("clock", _clock),
        ("lake", _lake),
        ("engine", _engine),
        ("mail", _mail),
    )
    for what, check in checks:
        try:
            yield check(settings)
        except (OnevoiceError, OSError, sqlite3.Error) as error:
            yield Finding("fail", what, str(error))


def _python(_: Settings) -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("ok", "python", f"Python {version}, SQLite {sqlite3.sqlite_version}.")


def _folder(settings: Settings) -> Finding:
    root = settings.root
    if not root.is_dir():
        return Finding("fail", "folder", f"{root} is missing; run `onevoice init` or `onevoice migrate`.")
    if not os.access(root, os.W_OK):
        return Finding("fail", "folder", f"{root} cannot be written to; give this user the right to.")
    return Finding("ok", "folder", f"{root} can be written to.")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.root).free
    sentence = f"{free / 1024**3:.1f} GB free."
    if free < LEAST_FREE:
        return Finding("fail", "disk", f"{sentence} The gateway takes in nothing more; make room.")
    return Finding("warn" if free < WARN_FREE else "ok", "disk", sentence)


@contextlib.contextmanager
def _opened(url: str) -> Iterator[Database]:
    """Open a store that exists; looking must not create one."""
    if url.startswith("sqlite:") and not Path(url.removeprefix("sqlite://")).exists():
        raise OnevoiceError(f"{url} does not exist yet; run `onevoice migrate`.")
    database = connect(url)
    try:
        yield database
    finally:
        database.close()


def _store(url: str, history: str) -> Finding:
    with _opened(url) as database:
        waiting = pending(database, history)
        if waiting:
            return Finding("fail", history, f"{len(waiting)} migration steps are pending; run `onevoice migrate`.")
        bad = _integrity(database)
        if bad:
            return Finding("fail", history, f"The file is damaged: {bad}. Restore it from a copy.")
        return Finding("ok", history, f"{_bare(url)} is up to date.")


def _bare(url: str) -> str:
    """Return a URL without its password."""
    password = urlsplit(url).password
    return url.replace(f":{password}@", ":…@") if password else url


def _integrity(database: Database) -> str:
    """Return what SQLite finds broken in the structure of its file, or nothing; PostgreSQL checks itself."""
    if database.dialect != "sqlite":
        return ""
    row = database.one("PRAGMA quick_check(1)")
    return "" if row is None or row[0] == "ok" else str(row[0])


def _worker(settings: Settings) -> Finding:
    with _opened(settings.intake_url) as intake, _opened(settings.state_url) as state:
        done = Cursor(state, "resolve").read()
        row = intake.one("SELECT count(*), min(received_at) FROM intake WHERE seq > ?", (done,))
    waiting, oldest = row or (0, None)
    if not waiting:
        return Finding("ok", "worker", "Everything that came in is resolved.")
    late = now() - int(oldest)
    sentence = f"{waiting} bodies wait, the oldest for {late / MINUTE:.1f} minutes"
    if late > MINUTE:
        return Finding("warn", "worker", f"{sentence}; is `onevoice serve` or `onevoice worker` running?")
    return Finding("ok", "worker", f"{sentence}.")


def _rejected(settings: Settings) -> Finding:
    with _opened(settings.state_url) as state:
        row = state.one("SELECT count(*) FROM rejected WHERE state = 'open'")
    count = row[0] if row else 0
    if count:
        return Finding("warn", "rejected", f"{count} rejected events are open; see `onevoice rejected list`.")
    return Finding("ok", "rejected", "No rejected event is open.")


def _clock(settings: Settings) -> Finding:
    with _opened(settings.state_url) as state:
        row = state.one("SELECT max(moved_at) FROM cursors")
    last = int(row[0] or 0) if row else 0
    ahead = last - now()
    if ahead > MINUTE:
        return Finding("fail", "clock", f"The clock is {ahead / HOUR:.1f} hours behind the store's last write; set it.")
    return Finding("ok", "clock", "The clock agrees with the store.")


def _lake(settings: Settings) -> Finding:
    if "://" in settings.lake_url:
        return Finding("ok", "lake", f"{settings.lake_url}; it is reached at the next export.")
    path = Path(settings.lake_url)
    nearest = next(one for one in (path, *path.parents) if one.exists())
    if not os.access(nearest, os.W_OK):
        return Finding("fail", "lake", f"{nearest} cannot be written to.")
    return Finding("ok", "lake", f"{path} can be written to.")


def _engine(settings: Settings) -> Finding:
    if settings.engine == "spark" and shutil.which("java") is None:
        return Finding("fail", "engine", "Spark needs Java; install a runtime, or set engine: duckdb.")
    return Finding("ok", "engine", f"{settings.engine}, up to {settings.engine_memory} of memory.")


def _mail(settings: Settings) -> Finding:
    if not settings.smtp:
        return Finding("warn", "mail", "No SMTP server is set (`smtp`); campaigns cannot send e-mail.")
    parts = urlsplit(settings.smtp)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with kind(parts.hostname or "", parts.port or 0, timeout=5) as server:
        server.noop()
    if not settings.mail_from:
        return Finding("fail", "mail", "The server answers, but no sender address is set (`mail_from`).")
    return Finding("ok", "mail", f"{parts.hostname} answers.")
