"""The quick look at every single letter: the whole proof is made of samples, this of each piece before it goes."""

from onevoice.compose.proof import LEFTOVERS
from onevoice.domain.rendering import Addressee, Letter


def fault(letter: Letter, to: Addressee) -> str:
    """Return what keeps a letter from going, or nothing: a word left open, or its own code or link is not in it."""
    parts = {name: part for name, part in (("html", letter.html), ("text", letter.text)) if part}
    for name, part in parts.items():
        left = next((mark for mark in LEFTOVERS if mark in part), "")
        if left:
            return f"{left} is left in the {name}"
        missing = next((fact for fact in (to.code, to.link) if fact and fact not in part), "")
        if missing:
            return f"{missing} is not in the {name}"
    return "" if parts else "the letter is empty"
