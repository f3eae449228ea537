"""The events that the house knows by name, read from `schemas/*.yaml` once, when this module is imported."""

from importlib import resources
from typing import Any

import msgspec
import yaml

from onevoice.collect.schema import EventSchema, Schema, compiled


class Area(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file: an area of events, and what they share."""

    area: str
    description: str
    events: dict[str, dict[str, Any]]
    shared: Any = None  #: a place for YAML anchors


def _area(text: str) -> tuple[Area, list[EventSchema]]:
    area = msgspec.convert(yaml.safe_load(text), Area)
    made = [
        msgspec.convert({"name": name, "area": area.area, **body}, EventSchema) for name, body in area.events.items()
    ]
    return area, made


def _read() -> list[tuple[Area, list[EventSchema]]]:
    folder = resources.files("onevoice.collect") / "schemas"
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda entry: entry.name)
    return [_area(file.read_text(encoding="utf-8")) for file in files]


AREAS = _read()
DOCUMENTS: list[EventSchema] = [document for _, documents in AREAS for document in documents]
VOCABULARY: dict[str, Schema] = compiled(DOCUMENTS)
