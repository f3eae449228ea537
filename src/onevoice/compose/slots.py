"""Slots keep Liquid out of harm's way while Markdown, MJML and CSS are compiled around it."""

import re

LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SLOT = re.compile(r"lqslot(\d{4})lq")


class Slots:
    """Takes pieces of Liquid out of texts and puts them back after compilation."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def hide(self, text: str) -> str:
        """Return the text with a harmless word in place of each piece of Liquid."""
        return LIQUID.sub(self._take, text)

    def show(self, text: str) -> str:
        """Return the text with every piece of Liquid back in its place."""
        return SLOT.sub(lambda found: self.taken[int(found[1])], text)

    def _take(self, found: re.Match[str]) -> str:
        self.taken.append(found[0])
        return f"lqslot{len(self.taken) - 1:04d}lq"
