"""Measurements as ratios in one run; each module yields rows of docs/benchmarks.md."""

from typing import NamedTuple


class Row(NamedTuple):
    """One line of the table."""

    name: str
    figure: str
    baseline: str = ""
    ratio: str = ""
    note: str = ""
