"""Definitions as files: YAML in the workspace folder becomes versioned documents, and back."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import yaml

from onevoice.adapters.state.definitions import Definitions
from onevoice.compose.kit import Kit, kit
from onevoice.domain.audience import Audience
from onevoice.domain.brand import Brand
from onevoice.domain.brief import Brief
from onevoice.domain.campaign import Campaign
from onevoice.domain.document import Document
from onevoice.domain.errors import BadInput, OnevoiceError
from onevoice.domain.offer import Offer

#: Folder of the workspace -> kind of document and its struct.
FOLDERS: dict[str, tuple[str, type]] = {
    "brand": ("brand", Brand),
    "offers": ("offer", Offer),
    "briefs": ("brief", Brief),
    "audiences": ("audience", Audience),
    "campaigns": ("campaign", Campaign),
}


class BadDocument(BadInput):
    """A document cannot be read; the message names the file, the field and what to do."""


class Loose(msgspec.Struct, frozen=True, kw_only=True):
    """One document as it stands in a file."""

    path: str
    kind: str
    name: str
    body: object


def read_folder(folder: Path) -> list[Loose]:
    """
    Read every document of a workspace folder.

    Raises:
        BadDocument: The first that cannot be read.
    """
    return [read_file(path) for name in FOLDERS for path in sorted((folder / name).glob("*.y*ml"))]


def read_file(path: Path) -> Loose:
    """
    Read one document; its folder says its kind and its file its name.

    Raises:
        BadDocument: It is no YAML, a field is unknown or wrong, or its facts contradict each other.
    """
    if path.parent.name not in FOLDERS:
        raise BadDocument(f"{path}: documents lie in one of the folders {', '.join(FOLDERS)}.")
    kind, struct = FOLDERS[path.parent.name]
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
        body: object = msgspec.convert(given, struct, strict=False)
    except yaml.YAMLError as error:
        raise BadDocument(f"{path}: {_where(error)}. Check indentation and quotes.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadDocument(f"{path}: cannot be read ({error}).") from error
    except msgspec.ValidationError as error:
        raise BadDocument(f"{path}: {_sentence(str(error), struct)}") from error
    except OnevoiceError as error:
        raise BadDocument(f"{path}: {error}") from error
    return Loose(path=str(path), kind=kind, name=path.stem, body=body)


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}: {getattr(error, 'problem', '')}" if mark else "this is no YAML"


def _sentence(message: str, struct: type) -> str:
    """Turn a validator's message into what to do."""
    what, _, where = message.partition(" - at ")
    field = where.strip("`").removeprefix("$.") or "the document"
    if "unknown field" in what:
        known = ", ".join(getattr(struct, "__struct_fields__", ()))
        return f"{field}: {what[0].lower()}{what[1:]}. Known fields: {known}."
    if "missing required field" in what:
        return f"{field}: {what[0].lower()}{what[1:]}; add it."
    return f"{field}: {what[0].lower()}{what[1:]}; correct it."


def apply(definitions: Definitions, found: list[Loose], *, now: int, by: str) -> list[tuple[Loose, Document, bool]]:
    """
    Store documents, all or none, and return each with its stored version and whether it is new.

    Raises:
        BadDocument: One of them names a document that exists neither here nor in the store.
    """
    with definitions.database.transaction():
        out = []
        for loose in found:
            before = definitions.find(loose.kind, loose.name)
            stored = definitions.put(loose.kind, loose.name, loose.body, now=now, by=by)
            out.append((loose, stored, before is None or before.version != stored.version))
        for loose in found:
            for field, kind, name in _names(loose.body):
                if definitions.find(kind, name) is None:
                    raise BadDocument(
                        f"{loose.path}: {field}: there is no {kind} named {name!r}; add it or correct it."
                    )
    return out


def _names(body: object) -> Iterator[tuple[str, str, str]]:
    """Yield field, kind and name of every document that a document names."""
    if isinstance(body, Brief):
        yield from (("brand", "brand", body.brand), ("offer", "offer", body.offer))
    if isinstance(body, Campaign):
        yield from (("brief", "brief", body.brief), ("audience", "audience", body.audience))


def export(definitions: Definitions, folder: Path) -> list[Path]:
    """Write the newest version of every document into the folder and return the files."""
    written = []
    for name, (kind, struct) in FOLDERS.items():
        for document in definitions.newest(kind):
            path = folder / name / f"{document.name}.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            body: object = msgspec.json.decode(bytes(document.body), type=struct)
            path.write_text(as_yaml(body), encoding="utf-8")
            written.append(path)
    return written


def as_yaml(body: object) -> str:
    """Return a document as people write it: without what is left at its default."""
    return yaml.safe_dump(_lean(body), sort_keys=False, allow_unicode=True, width=110)


def _lean(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        defaults = {field.encode_name: field.default for field in msgspec.structs.fields(value)}
        plain = {name: getattr(value, name) for name in value.__struct_fields__}
        config = type(value).__struct_config__
        lead = {str(config.tag_field): config.tag} if config.tag else {}
        return {**lead, **{name: _lean(each) for name, each in plain.items() if _kept(each, defaults.get(name))}}
    if isinstance(value, dict):
        return {key: _lean(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_lean(each) for each in value]
    return str(value) if isinstance(value, Decimal) else value


def _kept(value: Any, default: Any) -> bool:
    return isinstance(value, date | datetime) or (value != default and value not in ({}, (), []))


class Pinned(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of a campaign in the versions that belong together."""

    name: str
    campaign: Campaign
    campaign_version: int
    brief_version: int
    offer_version: int
    brand_version: int
    kit: Kit


def pin(definitions: Definitions, campaign: str) -> Pinned:
    """
    Return a campaign with the newest version of everything it names.

    Raises:
        DocumentNotFound: One of the documents is missing.
    """
    version = _version(definitions, "campaign", campaign)
    document = definitions.get("campaign", campaign, Campaign, version or None)
    brief = definitions.get("brief", document.brief, Brief)
    offer, brand = definitions.get("offer", brief.offer, Offer), definitions.get("brand", brief.brand, Brand)
    return Pinned(
        name=campaign,
        campaign=document,
        campaign_version=version,
        brief_version=_version(definitions, "brief", document.brief),
        offer_version=_version(definitions, "offer", brief.offer),
        brand_version=_version(definitions, "brand", brief.brand),
        kit=kit(brand, offer, brief),
    )


def _version(definitions: Definitions, kind: str, name: str) -> int:
    found = definitions.find(kind, name)
    return found.version if found else 0


def kit_of(definitions: Definitions, brief: str, versions: tuple[int, int, int]) -> Kit:
    """
    Return the kit of a brief in pinned versions of brief, offer and brand.

    Raises:
        DocumentNotFound: One of them is missing.
    """
    words = definitions.get("brief", brief, Brief, versions[0])
    return kit(
        definitions.get("brand", words.brand, Brand, versions[2]),
        definitions.get("offer", words.offer, Offer, versions[1]),
        words,
    )
