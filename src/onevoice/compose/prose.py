"""Markdown as plain blocks, for media that have no HTML."""

from typing import Any

from markdown_it import MarkdownIt

MARKDOWN = MarkdownIt("commonmark", {"html": False})


def blocks(text: str) -> list[dict[str, Any]]:
    """Return paragraphs and list items as runs of text: `{"kind": "p" | "li", "runs": [{"t", "b", "i"}]}`."""
    out: list[dict[str, Any]] = []
    inside = 0
    for token in MARKDOWN.parse(text):
        inside += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        if token.type == "inline":
            out.append({"kind": "li" if inside else "p", "runs": _runs(token.children or [])})
    return out


def _runs(children: list[Any]) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    bold = italic = 0
    for child in children:
        bold += {"strong_open": 1, "strong_close": -1}.get(child.type, 0)
        italic += {"em_open": 1, "em_close": -1}.get(child.type, 0)
        text = " " if child.type in {"softbreak", "hardbreak"} else child.content
        if text:
            runs.append({"t": text, "b": bold > 0, "i": italic > 0})
    return runs
