"""Every setting of a workspace: one struct, read once at the door from `onevoice.yaml` and then the environment."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from onevoice.domain.errors import BadInput

#: A setting `port` is the environment variable `ONEVOICE_PORT` and the key `port` of onevoice.yaml.
PREFIX = "ONEVOICE_"
FILE = "onevoice.yaml"


class BadSettings(BadInput):
    """The settings cannot be read; correct onevoice.yaml or the environment."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one workspace; `docs/settings.md` describes each, and a test keeps it so."""

    home: str = "."  #: the workspace folder; everything else is relative to it
    workspace: str = "workspace"  #: a short name, part of every derived id
    state: str = ""  #: URL of the state store; empty: sqlite under home/.onevoice
    intake: str = ""  #: URL of the intake store; empty: beside state (SQLite) or the same (PostgreSQL)
    lake: str = ""  #: folder or s3:// URL of the lake; empty: home/.onevoice/lake
    lake_options: dict[str, str] = {}  #: storage options of the lake (keys, endpoint, region)
    engine: Literal["duckdb", "spark"] = "duckdb"  #: what runs audiences and measurement
    engine_memory: str = "2GB"  #: memory the engine may use
    host: str = "127.0.0.1"  #: address to listen on
    port: int = 8000  #: port to listen on
    public_url: str = ""  #: how the outside reaches us; empty: http://host:port
    locale: str = "en"  #: language of the console
    time_zone: str = "UTC"  #: zone of the company, for reports and business days
    country: str = "US"  #: ISO 3166 region assumed for phone numbers without a country code
    currency: str = "USD"  #: ISO 4217 code assumed where an event names none
    log_format: Literal["auto", "json", "text"] = "auto"  #: auto: text on a terminal, else JSON
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    event_bytes: int = 32 * 1024  #: largest single event, bytes of JSON
    batch_bytes: int = 1024 * 1024  #: largest request body after decompression
    batch_events: int = 2_500  #: events taken from one batch; more are rejected
    rate_limit: int = 0  #: requests a second allowed to one key; 0: no limit
    micro_batch: int = 5_000  #: events the resolver commits at once
    poll_ms: int = 25  #: how often the worker looks for new intake when idle
    export_rows: int = 20_000  #: rows that make the exporter write to the lake at once
    export_seconds: int = 60  #: the longest that a row waits for its export
    intake_days: int = 7  #: raw bodies kept after they were resolved
    rejected_days: int = 30  #: raw bytes of rejected events kept
    smtp: str = ""  #: smtp://user:password@host:port, smtps:// or smtp://host:port?starttls=1; empty: no mail is sent
    mail_from: str = ""  #: sender address of campaigns
    mailbox: str = ""  #: Maildir of the rehearsal mailbox shown in the console; empty: none
    secret: str = ""  #: signs sessions and links; empty: made at init and kept in home/.onevoice/secret
    workers: int = 1  #: gateway processes of `onevoice serve`

    @property
    def root(self) -> Path:
        """The folder that holds everything the house writes."""
        return Path(self.home).resolve() / ".onevoice"

    @property
    def state_url(self) -> str:
        """Where the state store is."""
        return self.state or f"sqlite://{self.root / 'state.db'}"

    @property
    def intake_url(self) -> str:
        """Where the intake is: a file of its own on SQLite, the same database on PostgreSQL."""
        if self.intake:
            return self.intake
        if self.state_url.startswith("sqlite:"):
            return self.state_url.removesuffix(".db") + "-intake.db"
        return self.state_url

    @property
    def lake_url(self) -> str:
        """Where the lake is."""
        return self.lake or str(self.root / "lake")

    @property
    def url(self) -> str:
        """How the outside reaches us."""
        return self.public_url.rstrip("/") or f"http://{self.host}:{self.port}"


def read(home: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """
    Read the settings: defaults, then `onevoice.yaml`, then the environment.

    Raises:
        BadSettings: A key is unknown, or a value has the wrong type; the message names it.
    """
    given = os.environ if environ is None else environ
    folder = Path(home or given.get(f"{PREFIX}HOME") or ".")
    values: dict[str, Any] = {**_file(folder / FILE), **_environment(given), "home": str(folder)}
    try:
        return msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise BadSettings(f"The settings cannot be read: {error}. See docs/settings.md.") from error


def _file(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadSettings(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise BadSettings(f"{path} must hold settings as `name: value` lines.")
    return found


def _environment(given: Mapping[str, str]) -> dict[str, Any]:
    names = {PREFIX + name.upper(): name for name in Settings.__struct_fields__}
    values: dict[str, Any] = {names[key]: value for key, value in given.items() if key in names}
    if "lake_options" in values:
        values["lake_options"] = msgspec.json.decode(values["lake_options"])
    return values
