"""The limits of the media, as rows with their source; no number of them stands anywhere else."""

from typing import Literal

import msgspec


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One limit, and who says so."""

    medium: str
    field: str
    limit: float
    unit: str
    severity: Literal["error", "warn"] = "error"
    source: str
    as_of: str = "2026-11"


#: Version of this table; a proof names it.
VERSION = "2026-11"

ROWS = (
    Limit(medium="email", field="message", limit=102_000, unit="bytes of HTML", source="Gmail clips longer mail"),
    Limit(medium="email", field="subject", limit=150, unit="characters", severity="warn", source="inbox lists cut it"),
    Limit(medium="email", field="line", limit=998, unit="bytes", source="RFC 5322 2.1.1"),
    Limit(medium="sms", field="gsm_single", limit=160, unit="septets", source="3GPP TS 23.038, 23.040"),
    Limit(medium="sms", field="gsm_part", limit=153, unit="septets", source="3GPP TS 23.040 9.2.3.24.1"),
    Limit(medium="sms", field="ucs2_single", limit=70, unit="UTF-16 units", source="3GPP TS 23.038, 23.040"),
    Limit(medium="sms", field="ucs2_part", limit=67, unit="UTF-16 units", source="3GPP TS 23.040 9.2.3.24.1"),
    Limit(medium="sms", field="segments", limit=4, unit="segments", source="house rule: every segment costs"),
    Limit(medium="postcard", field="width", limit=6.0, unit="inches, trimmed", source="Lob 4x6 postcard"),
    Limit(medium="postcard", field="height", limit=4.0, unit="inches, trimmed", source="Lob 4x6 postcard"),
    Limit(medium="postcard", field="bleed", limit=0.125, unit="inches a side", source="Lob 4x6 postcard"),
    Limit(medium="postcard", field="safe", limit=0.125, unit="inches inside the trim", source="Lob 4x6 postcard"),
    Limit(medium="postcard", field="ink_free_width", limit=3.28, unit="inches", source="Lob 4x6 back, lower right"),
    Limit(medium="postcard", field="ink_free_height", limit=2.38, unit="inches", source="Lob 4x6 back, lower right"),
    Limit(medium="postcard", field="dpi", limit=300, unit="dots an inch", source="Lob artwork rules"),
    Limit(medium="postcard", field="file", limit=5_000_000, unit="bytes a piece", source="Lob artwork rules"),
    Limit(medium="postcard", field="address_line", limit=64, unit="characters", source="Lob address rules"),
    Limit(medium="*", field="contrast", limit=4.5, unit="ratio", source="WCAG 2.2, 1.4.3"),
)
_BY_NAME = {(row.medium, row.field): row for row in ROWS}


def limit(medium: str, field: str) -> float:
    """Return one limit's number."""
    return _BY_NAME[medium, field].limit
