"""The demo's workspace: made, filled with real purchases, and taken through one campaign."""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path

import duckdb
import yaml
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from onevoice.adapters.campaigns.documents import apply, read_folder
from onevoice.adapters.candidates import table
from onevoice.adapters.imports import Importer
from onevoice.adapters.linkage import columns_of
from onevoice.adapters.mailbox import Mailbox, listen
from onevoice.adapters.tables import size
from onevoice.cli import templates
from onevoice.cli.campaign import send
from onevoice.cli.demo import contacts
from onevoice.cli.demo.data import PROMOTIONS, Prepared, opened, prepare
from onevoice.cli.imports import mapping_of
from onevoice.cli.linkage import likely, read_model, tell
from onevoice.cli.supervisor import command
from onevoice.domain.errors import BadInput
from onevoice.domain.moment import DAY, to_datetime
from onevoice.wiring import settings as settings_of
from onevoice.wiring.analysis import open_analysis
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import is_workspace, now
from onevoice.worker.shift import drain

#: File to import -> its rows, for the progress bar; `contacts` and `desk` are written by the demo.
FILES = ("households", "contacts", "signins", "desk", "till", "mailings", "redemptions", "visits")
CAMPAIGN = "autumn-thanks"
HERE = resources.files("onevoice.cli.demo")
screen = Console(stderr=True)


class NotADemo(BadInput):
    """This folder holds a workspace that is no demo; give another folder, nothing was changed."""


class Demo:
    """The demo's workspace; every step may be repeated and then changes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._make()
        os.environ["ONEVOICE_HOME"] = str(self.folder)
        self.settings = settings_of.read(self.folder)
        self.stores = Stores.open(self.settings)

    def _make(self) -> None:
        if is_workspace(self.folder):
            if not (self.folder / "imports").is_dir():
                raise NotADemo(f"{self.folder} holds a workspace that is no demo; give another folder.")
            return
        (self.folder / "imports").mkdir(parents=True, exist_ok=True)
        named = {
            "workspace": "sunday-market",
            "mailbox": str(self.folder / "mailbox"),
            "mail_from": "hello@market.example.com",
        }
        text = "# The demo's workspace. docs/settings.md lists every setting.\n" + yaml.safe_dump(named)
        (self.folder / settings_of.FILE).write_text(text)

    @contextlib.contextmanager
    def mailbox(self) -> Iterator[None]:
        """Run a local mail server that keeps what it receives; nothing leaves this machine."""
        listener = listen(Mailbox(self.folder / "mailbox"))
        os.environ["ONEVOICE_SMTP"] = f"smtp://127.0.0.1:{listener.start()}"
        self.settings = settings_of.read(self.folder)
        self.stores.settings = self.settings
        try:
            yield
        finally:
            listener.stop()

    def load(self) -> None:
        """Import the year, resolve it, find people again, and write the lake."""
        with self._bar() as bar, self._resolver():
            task = bar.add_task("Reading Complete Journey", total=None)
            prepared = prepare(self.folder / "imports", now=now())
            self._contacts(prepared)
            bar.update(task, total=1, completed=1)
            for name in FILES:
                self._import(name, prepared, bar)
            self._wait(bar)
        with self._bar() as bar:
            self._step(bar, "Finding people again", self._link)
            self._step(bar, "Writing the lake", self._promotions)

    def _contacts(self, prepared: Prepared) -> None:
        rows = duckdb.sql(f"SELECT household_id, composition FROM '{prepared['households']}'").fetchall()
        began = to_datetime(now() - 370 * DAY).date().isoformat()
        if not (self.folder / "imports" / "contacts.csv").exists():
            contacts.write(self.folder / "imports", rows, f"{began}T09:00:00")

    def _import(self, name: str, prepared: Prepared, bar: Progress) -> None:
        path = {"contacts": "contacts.csv", "signins": "contacts.csv", "desk": "desk.csv"}.get(name, f"{name}.parquet")
        with resources.as_file(HERE / "mappings" / f"{name}.yaml") as document:
            mapping = mapping_of(document)
        importer = Importer(self.stores.backlog, self.stores.plan.plan(), mapping, prepared.folder / path, now=now())
        task = bar.add_task(f"Importing {name}", total=size(prepared.folder / path, mapping))
        done = importer.run(lambda progress: bar.update(task, completed=progress.done))
        bar.update(task, total=done.done, completed=done.done)

    @contextlib.contextmanager
    def _resolver(self) -> Iterator[None]:
        """Resolve in a process of its own while this one imports."""
        child = subprocess.Popen(command("worker", "--part", "resolve"), stderr=subprocess.DEVNULL)  # noqa: S603  # our own
        try:
            yield
        finally:
            child.terminate()
            child.wait(60)

    def _wait(self, bar: Progress) -> None:
        last = self.stores.intake.last()
        task = bar.add_task("Resolving who is who", total=last)
        while (at := self.stores.log.cursor("resolve")) < last:
            bar.update(task, completed=at)
            time.sleep(0.2)
        bar.update(task, completed=last)

    def _link(self) -> None:
        drain(self.stores, self.settings)
        model = read_model(None)
        records, identifiers = table(self.stores.state, columns_of(model))
        tell(self.stores, likely(records, model, "duckdb"), identifiers, "people")
        drain(self.stores, self.settings)

    def _promotions(self) -> None:
        if "promotions" not in self.stores.lake.names():
            self.stores.lake.snapshot("promotions", opened().sql(PROMOTIONS).to_arrow_table())

    def campaign(self) -> None:
        """Apply the demo's documents, fill its audiences, and send its campaign to the local mailbox."""
        templates.copy(HERE / "documents", self.folder, now=now())
        with self._bar() as bar:
            self._step(bar, "Applying documents", self._apply)
            self._step(bar, "Filling audiences", self._audiences)
        send(CAMPAIGN, at_once=True, refresh=False)
        drain(self.stores, self.settings)

    def _apply(self) -> None:
        apply(self.stores.definitions, read_folder(self.folder), now=now(), by="demo")

    def _audiences(self) -> None:
        analysis = open_analysis(self.stores)
        analysis.snapshot()
        analysis.refresh_all(now())
        analysis.close()
        drain(self.stores, self.settings)

    @staticmethod
    def _step(bar: Progress, title: str, act: Callable[[], None]) -> None:
        task = bar.add_task(title, total=None)
        act()
        bar.update(task, total=1, completed=1)

    @staticmethod
    def _bar() -> Progress:
        columns = (TextColumn("{task.description:<26}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=screen)
