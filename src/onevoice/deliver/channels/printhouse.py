"""Print: pieces are handed over as one PDF and a manifest that names every page."""

import csv
import io
from collections.abc import Sequence
from typing import ClassVar

import msgspec

from onevoice.domain.rendering import Letter

COLUMNS = ("piece", "first_page", "pages", "code", "link", "address")


class Printhouse(msgspec.Struct, frozen=True, kw_only=True):
    """The hand-over to a print house by folder."""

    slug: ClassVar[str] = "printhouse"
    channel: ClassVar[str] = "print"

    pages: int = 2  #: pages a piece

    def manifest(self, letters: Sequence[Letter]) -> bytes:
        """Return the manifest of a batch: a line a piece, in the order of the pages."""
        out = io.StringIO(newline="")
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        for at, letter in enumerate(letters):
            address = " / ".join(letter.page.get("address", ()))
            writer.writerow((letter.piece, at * self.pages + 1, self.pages, letter.code, letter.link, address))
        return out.getvalue().encode()

    def pieces(self, manifest: bytes) -> list[str]:
        """Return the pieces that a manifest names."""
        return [line["piece"] for line in csv.DictReader(io.StringIO(manifest.decode()))]
