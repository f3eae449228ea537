"""Documents that a new workspace starts with."""

from datetime import timedelta
from importlib.resources.abc import Traversable
from pathlib import Path

from onevoice.domain.moment import to_datetime

#: Days that the offers of a new workspace hold.
VALID_DAYS = 42


def copy(source: Traversable, target: Path, *, now: int) -> None:
    """
    Copy folders of documents into a workspace, leaving alone what is there.

    `{start}` and `{end}` in a document become today and six weeks later.
    """
    today = to_datetime(now).date()
    dates = {"{start}": today.isoformat(), "{end}": (today + timedelta(days=VALID_DAYS)).isoformat()}
    for folder in source.iterdir():
        for document in folder.iterdir():
            path = target / folder.name / document.name
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            text = document.read_text(encoding="utf-8")
            for mark, date in dates.items():
                text = text.replace(mark, date)
            path.write_text(text, encoding="utf-8")
