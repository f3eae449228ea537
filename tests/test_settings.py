"""Settings come from three places in a fixed order, are documented, and refuse what they do not know."""

import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from onevoice.wiring.logs import JsonFormatter, TextFormatter
from onevoice.wiring.settings import BadSettings, Settings, read

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.+) \|$", re.MULTILINE)


def documented() -> dict[str, str]:
    """Return the settings that the page describes, with the default it states."""
    return {name: default.strip().strip("`") for name, default, _ in ROW.findall(PAGE.read_text())}


def defaults() -> dict[str, str]:
    """Return every setting with its default as text."""
    values: dict[str, Any] = msgspec.to_builtins(Settings())
    return {name: json.dumps(value) if isinstance(value, dict) else str(value) for name, value in values.items()}


def test_every_setting_is_documented_with_its_default() -> None:
    """The page describes exactly the settings that exist, with their true defaults."""
    assert defaults() == documented()


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(tmp_path: Path) -> None:
    """A later place overrides an earlier one, setting by setting."""
    (tmp_path / "onevoice.yaml").write_text("port: 9000\ncurrency: EUR\n")

    found = read(tmp_path, {"ONEVOICE_PORT": "9100"})

    assert (9100, "EUR", "US") == (found.port, found.currency, found.country)


def test_home_is_taken_from_the_environment(tmp_path: Path) -> None:
    """ONEVOICE_HOME says where the workspace is."""
    (tmp_path / "onevoice.yaml").write_text("workspace: shop\n")

    found = read(None, {"ONEVOICE_HOME": str(tmp_path)})

    assert ("shop", str(tmp_path)) == (found.workspace, found.home)


def test_an_unknown_setting_is_refused_by_name(tmp_path: Path) -> None:
    """A misspelt key stops the start and is named."""
    (tmp_path / "onevoice.yaml").write_text("prot: 9000\n")

    with pytest.raises(BadSettings, match="prot"):
        read(tmp_path, {})


def test_a_value_of_the_wrong_type_is_refused_by_name(tmp_path: Path) -> None:
    """A value that is no number where one is wanted names the setting."""
    with pytest.raises(BadSettings, match=r"\$\.port"):
        read(tmp_path, {"ONEVOICE_PORT": "many"})


@pytest.mark.parametrize("text", ["- a list", "\t: bad", "key: [unclosed"])
def test_an_unreadable_file_is_refused(tmp_path: Path, text: str) -> None:
    """A file that is no mapping of settings gives a sentence, not a traceback."""
    (tmp_path / "onevoice.yaml").write_text(text)

    with pytest.raises(BadSettings, match=r"onevoice\.yaml"):
        read(tmp_path, {})


def test_lake_options_come_as_json_from_the_environment(tmp_path: Path) -> None:
    """Storage options in the environment are one JSON object."""
    found = read(tmp_path, {"ONEVOICE_LAKE_OPTIONS": '{"AWS_REGION": "eu-central-1"}'})

    assert {"AWS_REGION": "eu-central-1"} == found.lake_options


def test_the_intake_is_a_file_beside_the_state_store() -> None:
    """On SQLite the intake has its own file; on PostgreSQL it is the same database."""
    assert "sqlite:///d/state-intake.db" == Settings(state="sqlite:///d/state.db").intake_url
    assert "postgresql://h/d" == Settings(state="postgresql://h/d").intake_url


def record(**extra: Any) -> logging.LogRecord:
    """Return a log record made at a known moment."""
    made = logging.LogRecord("onevoice.worker", logging.INFO, "f.py", 1, "Resolved %d events", (7,), None)
    made.created = 1_767_225_600.5
    vars(made).update(extra)
    return made


def test_a_json_log_line_holds_the_extras() -> None:
    """One object a line: moment, level, logger, message, and what the caller added."""
    assert {
        "at": "2026-01-01T00:00:00.500+00:00",
        "level": "info",
        "logger": "onevoice.worker",
        "message": "Resolved 7 events",
        "lag": 3,
    } == json.loads(JsonFormatter().format(record(lag=3)))


def test_a_log_line_never_breaks_on_a_strange_value() -> None:
    """What JSON cannot say is written as text; the line stays one line."""
    line = JsonFormatter().format(record(path=Path("/tmp"), text="two\nlines"))

    assert 1 == len(line.splitlines())
    assert ("/tmp", "two\nlines") == (json.loads(line)["path"], json.loads(line)["text"])


def test_a_text_log_line_is_readable() -> None:
    """On a terminal: clock, level, sentence, extras."""
    assert "00:00:00 INFO    Resolved 7 events  lag=3" == TextFormatter().format(record(lag=3))


def test_an_error_keeps_its_traceback() -> None:
    """A logged exception carries its traceback in both forms."""
    try:
        int("odd")
    except ValueError:
        made = record(exc_info=sys.exc_info())

    reason = "ValueError: invalid literal for int() with base 10: 'odd'"
    assert json.loads(JsonFormatter().format(made))["error"].endswith(reason)
    assert TextFormatter().format(made).endswith(reason)
