"""Definitions are versioned documents: YAML in the folder, rows in the store, forms in the console, one struct."""

import msgspec


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """
    One immutable version of a definition.

    `kind` is a directory of the workspace folder (brand, offer, brief, audience, campaign, schema, mapping, rules …).
    """

    kind: str
    name: str
    version: int
    body: msgspec.Raw  #: JSON of the struct of that kind
    created_at: int = 0
    created_by: str = ""
