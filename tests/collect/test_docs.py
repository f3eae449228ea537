"""The page about the tracking API says what the code does."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import yaml

from onevoice.collect.checks import CHECKS
from onevoice.collect.mending import Mending
from onevoice.collect.plan import KINDS
from onevoice.collect.reasons import ADVICE
from onevoice.collect.schema import EventSchema, Schema
from onevoice.domain.event import TimeQuality

PAGE = (Path(__file__).parents[2] / "docs" / "tracking.md").read_text(encoding="utf-8")


def test_reasons_are_explained() -> None:
    """Every reason stands in the page with its advice."""
    assert [] == [reason for reason, advice in ADVICE.items() if f"| `{reason}` | {advice} |" not in PAGE]


def test_qualities_of_time_are_explained() -> None:
    """Every quality of time stands in the page."""
    assert [] == [quality for quality in get_args(TimeQuality) if f"| {quality} |" not in PAGE]


def test_identifiers_are_listed_in_their_order() -> None:
    """The kinds of identifiers stand in the page, strongest first."""
    assert ", ".join(f"`{kind}`" for kind in KINDS) in PAGE.replace("\n", " ")


def test_examples_are_documents() -> None:
    """The page's examples of a mending and a schema are what the code reads, and every type is named."""
    mending, schema = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))

    assert ["sale", 5] == [msgspec.convert(mending, Mending).event, len(msgspec.convert(mending, Mending).steps)]
    assert "Fitting Booked" == Schema(msgspec.convert(schema, EventSchema)).name
    assert [] == [name for name in CHECKS if name not in PAGE.rpartition("Types are")[2]]
