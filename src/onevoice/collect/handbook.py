"""The page of `docs/events.md`, written from the vocabulary so that it cannot lag behind."""

from onevoice.collect.schema import EventSchema, Naming
from onevoice.collect.vocabulary import AREAS

HEAD = """\
# Events

The events that Onevoice knows by name. Unknown events are welcome and taken as they are; known ones are validated, and
one that breaks its schema is put aside as `schema_violation` with the path of what is wrong, to be mended and replayed.
Names are Title Case, object before action; properties are snake_case; staff are named in `context` only.

`*` marks a required property. Numbers may come as text (`"12.50"`) and ids as numbers; both are put right. Two events
that fill one of their *business keys* alike are the same fact, whoever says it and whenever: the first counts, later
copies are counted with it. An event names its person by `userId`, `anonymousId`, `traits.email`, `traits.phone`,
`context.externalIds` and `context.device`, and by what is listed under *names*.

This page is written from the schemas in `src/onevoice/collect/schemas`, and a test keeps it so:

    python -c "from onevoice.collect import handbook as h; print(h.page(), end='')" > docs/events.md
"""


def page() -> str:
    """Return the whole page."""
    parts = [HEAD]
    for area, documents in AREAS:
        parts.append(f"## {area.area}\n\n{area.description}\n")
        parts += [_event(document) for document in documents]
    return "\n".join(parts)


def _event(document: EventSchema) -> str:
    lines = [f"### {document.name}\n", document.description]
    required = {name for told in document.required for name in told.split("|")}
    given = [*document.properties, *sorted(required - document.properties.keys())]
    if given:
        told = [f"`{name}`{'*' * (name in required)} {document.properties.get(name, '')}".rstrip() for name in given]
        lines.append(f"- properties: {', '.join(told)}")
    for variant in document.variants:
        when = " and ".join(f"`{path}` is {value}" for path, value in variant.when.items())
        needed = ", ".join(" or ".join(f"`{one}`" for one in told.split("|")) for told in variant.required)
        lines.append(f"- where {when}, required: {needed}")
    lines += _rest(document)
    return "\n".join([lines[0], lines[1], *([""] if lines[2:] else []), *lines[2:], ""])


def _rest(document: EventSchema) -> list[str]:
    lines = []
    if document.identifiers:
        lines.append(f"- names: {', '.join(_naming(naming) for naming in document.identifiers)}")
    if document.keys:
        lines.append(f"- business keys: {', '.join(f'`{key}`' for key in document.keys)}")
    if document.channel:
        lines.append(f"- channel: {document.channel}")
    if document.skip:
        lines.append(f"- does not count if true: {', '.join(f'`{name}`' for name in document.skip)}")
    if document.aliases:
        lines.append(f"- also read: {', '.join(document.aliases)}")
    return lines


def _naming(naming: Naming) -> str:
    when = "".join(f" if `{path}` is {value}" for path, value in naming.when.items())
    return f"{naming.kind} `{naming.value}`{when}{' (only ever claimed)' if naming.claimed else ''}"
