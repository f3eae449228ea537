"""What the documents promise is there: files they link, commands they name."""

import re
from pathlib import Path

import pytest

from onevoice.cli import COMMANDS

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
COMMAND = re.compile(r"^\s*(?:\$ )?onevoice ([a-z-]+)", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of a document points at a file that exists."""
    targets = LINK.findall(document.read_text(encoding="utf-8"))

    assert [] == [target for target in targets if not (document.parent / target).exists()]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(document: Path) -> None:
    """Every command that a document shows at the start of a line is one of the command line's."""
    blocks = re.findall(r"```[a-z]*\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    shown = {name for block in blocks for name in COMMAND.findall(block)}

    assert set() == shown - set(COMMANDS)


def test_every_page_is_reachable() -> None:
    """Every page under docs is linked from the README or from another page."""
    linked = {
        (document.parent / target).resolve()
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text(encoding="utf-8"))
    }
    pages = [page for page in DOCUMENTS if page.is_relative_to(ROOT / "docs") and page.parent.name != "adr"]

    assert [] == [str(page.relative_to(ROOT)) for page in pages if page.resolve() not in linked]
