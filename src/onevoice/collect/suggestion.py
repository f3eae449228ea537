"""Drafts a mapping from a file's columns: names in several languages and the look of the values decide."""

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Literal

import msgspec

from onevoice.collect.clock import moment
from onevoice.collect.mapping import Row, is_blank, parsed, plain
from onevoice.domain.mapping import ConsentSource, Group, Mapping, Source, Value, When

#: Patterns of column names (lower case, without separators) -> identifier kind. The first that matches wins.
IDENTIFIERS = (
    (r"e?mail(address|adresse)?$|correo|courriel", "email"),
    (r"(mobile?|phone|telefon|tel|handy|telephone|movil)(number|nr|no)?$", "phone"),
    (r"loyalty(id|card|no|number)?$|kundenkarte|cardno|cartefidelite|householdid", "loyalty_id"),
    (r"crmid|contactid|kontaktid", "crm_id"),
    (r"anonymousid|visitorid|cookieid", "anonymous_id"),
    (r"(user|customer|client|kunden|member)(id|nr|no|number|nummer)$", "user_id"),
)
TRAITS = (
    (r"first(name)?$|vorname|prenom|givenname|nombre$", "first_name"),
    (r"last(name)?$|surname|nachname|familyname|apellidos?$", "last_name"),
    (r"(full)?name$", "name"),
    (r"birthda(y|te)|dateofbirth|dob$|geburtsdatum|datenaissance", "birthday"),
    (r"postcode|zip(code)?$|postalcode|plz$|codepostal", "postcode"),
    (r"^city$|^town$|^ort$|^stadt$|^ville$|ciudad", "city"),
    (r"country|^land$|^pays$|^pais$", "country"),
    (r"street|address(line)?1?$|strasse|straße|adresse", "street"),
    (r"company|firma|organi[sz]ation", "company"),
)
ORDER = (
    (r"(order|invoice|basket|receipt|transaction)(id|no|nr|number)?$|bonnr|rechnungsnr|bestellnr|^bon$", "order_id"),
    (r"(order)?total|amount|sum(me)?$|umsatz|betrag|montant", "total"),
    (r"currency|wahrung|währung|devise", "currency"),
    (r"coupon|voucher|gutschein", "coupon"),
    (r"store(id|no)?$|filiale|shop(id)?$|branch", "store_id"),
)
ITEMS = (
    (r"(product|article|stock|item|artikel)(id|code|no|nr)?$|sku$|ean$|gtin$", "product_id"),
    (r"description|productname|bezeichnung", "name"),
    (r"quantity|qty|menge|anzahl|quantite", "quantity"),
    (r"(unit)?price|preis|prix", "price"),
    (r"category|warengruppe|kategorie", "category"),
)
#: Stands in a draft for the wording that people agreed to, which no file tells.
WORDING = "unknown"
CONSENT = r"newsletter|optin|consent|einwilligung|permission|marketing"
TIME = r"(order|invoice|transaction|event)?(date|time|datum|zeit|timestamp|createdat|occurredat)$|^at$|^date|^ts$"

#: Amounts with a decimal comma, and with a decimal point.
COMMA, POINT = r"-?[\d. ]*,\d{1,2}", r"-?[\d, ]*\.\d{1,2}"

#: strptime formats tried in this order; a format must read every sample.
FORMATS = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%m/%d/%y %H:%M", "%d.%m.%y",
    "%Y%m%d", "%Y/%m/%d",
)  # fmt: skip


def bare(name: str) -> str:
    """Return a column name in lower case without separators."""
    return re.sub(r"[\s_\-./]+", "", name).lower()


def kind_of(name: str, patterns: Sequence[tuple[str, str]]) -> str:
    """Return what a column name means under a list of patterns, or nothing."""
    return next((meaning for pattern, meaning in patterns if re.search(pattern, bare(name))), "")


class Columns(msgspec.Struct):
    """What each column of a file seems to hold: meaning -> column, except identifiers, which are column -> kind."""

    identifiers: dict[str, str] = {}
    traits: dict[str, str | Value] = {}
    order: dict[str, str] = {}
    items: dict[str, str] = {}
    consent: list[str] = []
    time: str = ""


def suggest(name: str, columns: Sequence[str], samples: Sequence[Row]) -> Mapping:
    """
    Draft a mapping from column names and sample rows; people read it over before they use it.

    A file with an order number becomes Order Completed (grouped where order numbers repeat); any other file becomes
    identify calls.
    """
    found = sorted_out(columns)
    decimal = decimal_of(samples)
    draft = Mapping(
        name=name,
        type="identify",
        identifiers=tuple(Source(column=column, kind=kind) for column, kind in found.identifiers.items()),
        time=when(found.time, samples),
        consent=tuple(ConsentSource(column=column, channel="email", text_version=WORDING) for column in found.consent),
        traits=found.traits,
        decimal=decimal,
        thousands="." if decimal == "," else "",
    )
    return as_order(draft, found, samples) if "order_id" in found.order else draft


def as_order(draft: Mapping, found: Columns, samples: Sequence[Row]) -> Mapping:
    """Return the draft as sales: one row an order, or one row an item of an order whose number repeats."""
    number = found.order["order_id"]
    repeats = len({plain(row.get(number)) for row in samples}) < len(samples)
    properties: dict[str, str | Value] = {meaning: typed(meaning, column) for meaning, column in found.order.items()}
    group = None
    if repeats and found.items:
        total = properties.pop("total", None)
        items: dict[str, str | Value] = {meaning: typed(meaning, column) for meaning, column in found.items.items()}
        group = Group(by=(number,), items=items, sums=sums(total, found))
    draft = msgspec.structs.replace(
        draft, type="track", event="Order Completed", channel="web", key=(number,), group=group
    )
    store = properties.pop("store_id", None)
    if store is None or draft.time is None:
        return msgspec.structs.replace(draft, properties=properties)
    # What the till's schema asks for, so that a sale met again from the till itself is one with this.
    properties |= {"transaction_no": Value(column=number), "business_date": Value(column=draft.time.column)}
    return msgspec.structs.replace(draft, channel="store", properties=properties, context={"store.id": store})


def sums(total: str | Value | None, found: Columns) -> dict[str, Value]:
    """Return the total of an order: the sum of a column, or of price by quantity."""
    if isinstance(total, Value):
        return {"total": total}
    if "price" in found.items and "quantity" in found.items:
        return {"total": Value(column=found.items["price"], times=found.items["quantity"], as_="number")}
    return {}


def sorted_out(columns: Sequence[str]) -> Columns:
    """Give each column the first meaning that its name suggests."""
    found = Columns()
    for column in columns:
        if re.search(CONSENT, bare(column)):
            found.consent.append(column)
        elif kind := kind_of(column, IDENTIFIERS):
            found.identifiers[column] = kind
        elif kind_of(column, TRAITS) == "birthday":
            found.traits["birthday"] = column
        elif not found.time and re.search(TIME, bare(column)):
            found.time = column
        elif meaning := kind_of(column, ORDER):
            found.order.setdefault(meaning, column)
        elif meaning := kind_of(column, ITEMS):
            found.items.setdefault(meaning, column)
        elif meaning := kind_of(column, TRAITS):
            found.traits.setdefault(meaning, column)
    return found


def typed(meaning: str, column: str) -> Value:
    """Return a column as a number where its meaning is one."""
    if meaning in {"total", "price"}:
        return Value(column=column, as_="number")
    return Value(column=column, as_="integer" if meaning == "quantity" else "text")


def decimal_of(samples: Sequence[Row]) -> Literal[".", ","]:
    """Return the decimal mark: a comma before the last one or two digits is one, unless points do the same as often."""
    cells = [cell for row in samples for cell in row.values() if isinstance(cell, str)]
    commas, points = (
        sum(bool(re.fullmatch(rf"-?[\d. ,]*{mark}\d{{1,2}}", cell)) for cell in cells) for mark in (",", r"\.")
    )
    return "," if commas > points else "."


def when(column: str, samples: Sequence[Row]) -> When | None:
    """Return how a column of dates is read: ISO 8601 needs no format; else the formats that read every sample."""
    if not column:
        return None
    texts = [plain(row[column]) for row in samples if not is_blank(row.get(column)) and isinstance(row[column], str)]
    if all(moment(text) is not None for text in texts):
        return When(column=column)
    fitting = tuple(form for form in FORMATS if all(parsed(text, form, UTC) is not None for text in texts))
    return When(column=column, formats=fitting)
