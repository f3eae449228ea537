"""The typesetter: Typst with the house's own fonts, so that a page looks the same on every machine."""

import io
from collections.abc import Sequence
from importlib import resources
from typing import Any, Literal

import msgspec
import pypdfium2
import typst

from onevoice.domain.errors import OnevoiceError

Form = Literal["pdf", "png"]
POINTS = 72  #: points an inch


class CannotTypeset(OnevoiceError):
    """The page could not be set; the message is the typesetter's."""


class Typesetter:
    """Sets pages from a layout and data; fonts are loaded once and embedded in every file."""

    def __init__(self) -> None:
        folder = str(resources.files("onevoice.adapters") / "fonts")
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])
        self._compiler = typst.Compiler(font_paths=fonts)

    def pdf(self, layout: str, pages: Sequence[dict[str, Any]], measures: dict[str, float]) -> bytes:
        """
        Set the pieces in order as one PDF with trim and bleed boxes.

        Raises:
            CannotTypeset: The layout or the data is wrong.
        """
        return _boxed(self._set(layout, pages, measures, "pdf", None), measures["bleed"] * POINTS)

    def picture(self, layout: str, page: dict[str, Any], measures: dict[str, float], dpi: int = 96) -> list[bytes]:
        """Set one piece as PNG pictures, one a page, for people to look at."""
        found = self._set(layout, [page], measures, "png", dpi)
        return found if isinstance(found, list) else [found]

    def _set(
        self, layout: str, pages: Sequence[dict[str, Any]], measures: dict[str, float], form: Form, dpi: int | None
    ) -> Any:
        inputs = {
            "cards": msgspec.json.encode(pages).decode(),
            "measures": msgspec.json.encode(measures).decode(),
        }
        try:
            return self._compiler.compile(layout.encode(), format=form, ppi=dpi, sys_inputs=inputs, timestamp=0)
        except typst.TypstError as error:
            raise CannotTypeset(f"The page could not be set: {error.message}.") from error


def _boxed(pdf: bytes, bleed: float) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            width, height = page.get_size()
            page.set_bleedbox(0, 0, width, height)
            page.set_trimbox(bleed, bleed, width - bleed, height - bleed)
        out = io.BytesIO()
        document.save(out)
        return out.getvalue()
    finally:
        document.close()
