"""
Every event as one plain sentence with an icon.

A template is text with fields in braces. Of the alternatives in brackets (parted by `|`) the first whose fields are all
filled is said, and nothing if there is none. Icons are names of the Tabler icon set.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from onevoice.domain.event import Event
from onevoice.domain.money import MICROS
from onevoice.profile import amount

PART = re.compile(r"\[([^\]]*)\]")
FIELD = re.compile(r"\{(\w+)\}")
#: Longest value shown in a sentence, characters.
LONGEST = 80

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
#: Currencies without a minor unit.
WHOLE = frozenset({"JPY", "KRW", "CLP", "ISK", "VND"})

#: Event name -> icon and template.
SENTENCES: dict[str, tuple[str, str]] = {
    "Identify": ("id", "Told us who they are[ ({fields})]"),
    "User Identified": ("id", "Told us who they are[ ({fields})]"),
    "Group": ("building", "Joined[ the group {group}| a group]"),
    "Group Joined": ("building", "Joined[ the group {group}| a group]"),
    "Alias": ("arrows-join", "Took another name"),
    "User Aliased": ("arrows-join", "Took another name"),
    "Page Viewed": ("world", "Viewed[ the page {page}| a page] on the web"),
    "Screen Viewed": ("device-mobile", "Viewed[ the screen {page}| a screen] in the app"),
    "Products Searched": ("search", "Searched[ for “{query}”]"),
    "Product List Viewed": ("list", "Looked through[ {category}] products"),
    "Product List Filtered": ("filter", "Filtered[ {category}] products"),
    "Promotion Viewed": ("speakerphone", "Saw[ the promotion {promotion}| a promotion]"),
    "Promotion Clicked": ("click", "Clicked[ the promotion {promotion}| a promotion]"),
    "Product Clicked": ("click", "Clicked[ {product}| a product]"),
    "Product Viewed": ("eye", "Viewed[ {product}| a product]"),
    "Product Added": ("shopping-cart-plus", "Put[ {product}| a product] into the cart"),
    "Product Removed": ("shopping-cart-minus", "Took[ {product}| a product] out of the cart"),
    "Product Shared": ("share", "Shared[ {product}| a product]"),
    "Product Reviewed": ("star", "Reviewed[ {product}| a product][ with {rating} stars]"),
    "Cart Viewed": ("shopping-cart", "Viewed the cart"),
    "Cart Shared": ("share", "Shared the cart"),
    "Checkout Started": ("credit-card", "Started to check out[ {items}][ for {amount}]"),
    "Checkout Step Viewed": ("credit-card", "Viewed[ checkout step {step}| a checkout step]"),
    "Checkout Step Completed": ("credit-card", "Completed[ checkout step {step}| a checkout step]"),
    "Payment Info Entered": ("credit-card", "Entered payment details"),
    "Order Completed": (
        "shopping-bag",
        "Bought[ {items}| something][ for {amount}][ at store {store}][ with coupon {coupon}]",
    ),
    "Order Updated": ("edit", "[Order {order}|An order] was changed[ to {amount}]"),
    "Order Refunded": ("receipt-refund", "Got[ {amount}| money] back[ for {items}][ at store {store}]"),
    "Order Cancelled": ("shopping-bag-x", "Cancelled[ order {order}| an order][ of {amount}]"),
    "Transaction Voided": ("receipt-off", "A sale[ of {amount}] was voided[ at store {store}]"),
    "Receipt Issued": ("receipt", "Got a receipt[ for {amount}][ at store {store}]"),
    "Coupon Entered": ("ticket", "Entered[ the coupon {coupon}| a coupon]"),
    "Coupon Applied": ("ticket", "Used[ the coupon {coupon}| a coupon][ for {discount} off]"),
    "Coupon Denied": ("ticket-off", "Was refused[ the coupon {coupon}| a coupon][: {reason}]"),
    "Coupon Removed": ("ticket-off", "Removed[ the coupon {coupon}| a coupon]"),
    "Coupon Redeemed": (
        "ticket",
        "Redeemed[ the coupon {coupon}| a coupon][ of campaign {campaign}][ at store {store}]",
    ),
    "Offer Redeemed": ("gift", "Redeemed[ the offer {offer}| an offer][ with code {coupon}][ at store {store}]"),
    "Product Added to Wishlist": ("heart-plus", "Put[ {product}| a product] on the wish list"),
    "Product Removed from Wishlist": ("heart-minus", "Took[ {product}| a product] off the wish list"),
    "Wishlist Product Added to Cart": (
        "shopping-cart-plus",
        "Moved[ {product}| a product] from the wish list to the cart",
    ),
    "Email Sent": ("mail-forward", "Was sent[ the mail “{subject}”| the mail of campaign {campaign}| a mail]"),
    "Email Delivered": ("mail-check", "Received[ the mail “{subject}”| the mail of campaign {campaign}| a mail]"),
    "Email Opened": ("mail-opened", "Opened[ the mail “{subject}”| the mail of campaign {campaign}| a mail]"),
    "Email Link Clicked": (
        "click",
        "Clicked a link in[ the mail “{subject}”| the mail of campaign {campaign}| a mail][ to {link}]",
    ),
    "Email Bounced": ("mail-x", "The mail[ “{subject}”| of campaign {campaign}] came back[: {reason}]"),
    "Email Failed": ("mail-x", "The mail[ “{subject}”| of campaign {campaign}] could not be sent[: {reason}]"),
    "Email Marked as Spam": (
        "mail-exclamation",
        "Marked[ the mail “{subject}”| the mail of campaign {campaign}| a mail] as spam",
    ),
    "Unsubscribed": ("mail-off", "Unsubscribed from mail[ through “{subject}”]"),
    "Application Installed": ("download", "Installed the app"),
    "Application Opened": ("device-mobile", "Opened the app"),
    "Application Backgrounded": ("device-mobile", "Left the app"),
    "Application Foregrounded": ("device-mobile", "Came back to the app"),
    "Application Updated": ("refresh", "Updated the app[ to {version}]"),
    "Application Uninstalled": ("trash", "Removed the app"),
    "Application Crashed": ("alert-triangle", "The app crashed"),
    "Install Attributed": ("download", "Installed the app[ through {campaign}]"),
    "Push Notification Sent": ("bell", "Was sent a push message[ “{subject}”]"),
    "Push Notification Received": ("bell", "Received a push message[ “{subject}”]"),
    "Push Notification Tapped": ("bell-ringing", "Tapped a push message[ “{subject}”]"),
    "Push Notification Bounced": ("bell-off", "A push message did not arrive"),
    "Deep Link Opened": ("link", "Opened a link into the app"),
    "Deep Link Clicked": ("link", "Clicked a link into the app"),
    "Live Chat Conversation Started": ("message", "Started a chat[ about {topic}]"),
    "Live Chat Conversation Ended": ("message-off", "Ended a chat"),
    "Live Chat Message Sent": ("message", "Wrote in the chat[: “{text}”]"),
    "Live Chat Message Received": ("message-reply", "Was answered in the chat[: “{text}”]"),
    "Account Created": ("user-plus", "Opened an account[ for {account}]"),
    "Account Deleted": ("user-x", "Closed an account[ of {account}]"),
    "Signed Up": ("user-plus", "Signed up"),
    "Signed In": ("login", "Signed in"),
    "Signed Out": ("logout", "Signed out"),
    "Trial Started": ("player-play", "Started a trial"),
    "Trial Ended": ("player-stop", "Ended a trial"),
    "Store Visited": ("building-store", "Visited[ store {store}| a store]"),
    "Appointment Booked": ("calendar-plus", "Booked an appointment[ at store {store}]"),
    "Appointment Kept": ("calendar-check", "Kept an appointment[ at store {store}]"),
    "Appointment Missed": ("calendar-x", "Missed an appointment[ at store {store}]"),
    "Call Started": ("phone", "Was on the phone[ ({direction})]"),
    "Call Answered": ("phone-check", "A call was answered[ ({direction})]"),
    "Call Ended": ("phone-end", "A call ended[ after {duration}][: {outcome}]"),
    "Call Missed": ("phone-x", "A call was missed[ ({direction})]"),
    "SMS Sent": ("message-forward", "Was sent a text message[: “{text}”| of campaign {campaign}]"),
    "SMS Delivered": ("message-check", "Received a text message[ of campaign {campaign}]"),
    "SMS Failed": ("message-x", "A text message[ of campaign {campaign}] did not arrive[: {reason}]"),
    "SMS Received": ("message", "Wrote a text message[: “{text}”]"),
    "SMS Link Clicked": ("click", "Clicked a link in a text message[ to {link}]"),
    "SMS Opted Out": ("message-off", "Opted out of text messages"),
    "SMS Opted In": ("message-plus", "Opted in to text messages"),
    "Message Sent": ("message-forward", "Was sent a message[: “{text}”| of campaign {campaign}]"),
    "Message Withheld": (
        "player-stop",
        "Was left out of[ campaign {campaign}| a campaign][ {lot}|: {reason}]",
    ),
    "Message Delivered": ("message-check", "Received a message"),
    "Message Failed": ("message-x", "A message did not arrive[: {reason}]"),
    "Message Received": ("message", "Wrote a message[: “{text}”]"),
    "Mail Piece Sent": ("mailbox", "Was sent a letter[ of campaign {campaign}]"),
    "Mail Piece Delivered": ("mailbox", "Received a letter[ of campaign {campaign}]"),
    "Mail Piece Returned": ("mailbox-off", "A letter[ of campaign {campaign}] came back[: {reason}]"),
    "Mail Code Redeemed": ("ticket", "Redeemed the code[ {coupon}] of a letter"),
    "Campaign Touched": ("speakerphone", "Was reached by[ campaign {campaign}| a campaign]"),
    "Exhibition Registered": ("calendar-plus", "Registered for[ {exhibition}| an exhibition]"),
    "Exhibition Checked In": ("door-enter", "Came to[ {exhibition}| an exhibition]"),
    "Badge Scanned": ("id-badge", "Had their badge scanned[ at booth {booth}]"),
    "Booth Visited": ("map-pin", "Visited[ booth {booth}| our booth]"),
    "Business Card Captured": ("id-badge-2", "Gave us their business card"),
    "Social Comment Received": ("brand-hipchat", "Commented[ on {network}][: “{text}”]"),
    "Social Mention Received": ("at", "Mentioned us[ on {network}][: “{text}”]"),
    "Social Message Received": ("messages", "Wrote to us[ on {network}][: “{text}”]"),
    "Social Reply Sent": ("message-reply", "Was answered[ on {network}][: “{text}”]"),
    "Review Received": ("star", "Wrote a review[ on {platform}][ with {rating} stars]"),
    "Review Updated": ("star", "Changed a review[ on {platform}][ to {rating} stars]"),
    "Review Removed": ("star-off", "Removed a review[ on {platform}]"),
    "Lead Created": ("user-search", "Became a lead"),
    "Lead Qualified": ("user-check", "Was qualified as a lead"),
    "Lead Disqualified": ("user-x", "Was disqualified as a lead[: {reason}]"),
    "Quote Sent": ("file-invoice", "Was sent a quote[ of {amount}]"),
    "Meeting Held": ("users", "Met us"),
    "Deal Created": ("briefcase", "A deal[ of {amount}] was opened"),
    "Deal Stage Changed": ("arrow-right", "A deal moved[ to {stage}]"),
    "Deal Won": ("trophy", "A deal[ of {amount}] was won"),
    "Deal Lost": ("mood-sad", "A deal[ of {amount}] was lost[: {reason}]"),
    "Note Added": ("note", "Note[ by {actor}]: {text}"),
    "Tag Added": ("tag", "Tagged[ “{tag}”][ by {actor}]"),
    "Tag Removed": ("tag-off", "Tag[ “{tag}”] removed[ by {actor}]"),
    "Identity Asserted": ("user-question", "[{actor} said: ]{verdict}"),
    "Identity Linked": (
        "fingerprint",
        "Found likely to be the same person as[ {likeness}| somebody][ ({probability})]",
    ),
    "Identity Rules Changed": ("settings", "The identity rules changed"),
    "Person Merged": ("arrows-join", "Two profiles were joined[: {reason}]"),
    "Person Split": ("arrows-split", "The profile was parted[: {reason}]"),
    "Identifier Demoted": ("unlink", "An identifier turned out to be shared[: {reason}]"),
    "Identifier Moved": ("transfer", "An identifier moved to its new owner"),
    "Household Linked": ("home-plus", "Joined a household[ that shares {shared}]"),
    "Household Unlinked": ("home-minus", "Left a household"),
    "Audience Entered": ("target", "Entered[ the audience {audience}| an audience]"),
    "Audience Left": ("target-off", "Left[ the audience {audience}| an audience]"),
    "Consent Granted": ("circle-check", "Agreed[ to {purpose}][ by {medium}][, through {source}]"),
    "Consent Withdrawn": ("circle-x", "Withdrew consent[ to {purpose}][ by {medium}][, through {source}]"),
}
#: For events the company defined itself.
OTHER = ("point", "{name}")

VERDICTS = {
    "same": "these two are the same person",
    "not_same": "these two are not the same person",
    "withdrawn": "an earlier statement about this person is taken back",
}


def say(event: Event) -> str:
    """Return an event as a sentence without a full stop."""
    _, template = SENTENCES.get(event.name, OTHER)
    return " ".join(fill(template, lambda field: value(event, field)).split())


def icon(name: str) -> str:
    """Return the icon of an event name."""
    return SENTENCES.get(name, OTHER)[0]


def fill(template: str, find: Callable[[str], str]) -> str:
    """Fill a template; what was filled in is never read as a template again."""
    pieces = PART.split(template)
    said = [
        _first_filled(piece.split("|"), find) if at % 2 else _filled(piece, find)[0] for at, piece in enumerate(pieces)
    ]
    return "".join(said)


def _filled(text: str, find: Callable[[str], str]) -> tuple[str, bool]:
    values = {field: find(field) for field in FIELD.findall(text)}
    return FIELD.sub(lambda field: values[field[1]], text), all(values.values())


def _first_filled(alternatives: list[str], find: Callable[[str], str]) -> str:
    tried = (_filled(text, find) for text in alternatives)
    return next((text for text, whole in tried if whole), "")


#: Field -> the properties that may hold it, best first.
PROPERTIES = {
    "query": ("query",),
    "category": ("category",),
    "promotion": ("name", "promotion_id"),
    "product": ("name", "title", "product_name", "product_id", "sku"),
    "rating": ("rating",),
    "step": ("step",),
    "order": ("order_id",),
    "coupon": ("coupon", "coupon_id", "code", "coupon_code", "coupon_upc"),
    "reason": ("reason", "error"),
    "campaign": ("campaign_name", "campaign", "campaign_id"),
    "offer": ("offer_name", "offer", "offer_id"),
    "subject": ("email_subject", "subject", "title"),
    "link": ("link_url", "url"),
    "version": ("version",),
    "topic": ("topic", "subject"),
    "text": ("text", "message_body", "body", "message"),
    "account": ("account_name",),
    "group": ("name", "group_id"),
    "direction": ("direction",),
    "outcome": ("outcome",),
    "exhibition": ("exhibition_name", "exhibition_id"),
    "booth": ("booth_id",),
    "network": ("network",),
    "platform": ("platform",),
    "stage": ("stage_to", "to", "stage"),
    "tag": ("tag",),
    "audience": ("audience_name", "audience"),
    "purpose": ("purpose",),
    "medium": ("channel",),
    "source": ("source",),
    "page": ("title", "name", "path", "url"),
}


def value(event: Event, field: str) -> str:
    """Return one field of a sentence, shortened; "" if the event does not say."""
    if field in COMPUTED:
        return _short(COMPUTED[field](event))
    found = (event.properties.get(name) for name in PROPERTIES[field])
    return _short(next((one for one in found if one not in (None, "")), ""))


def _short(found: Any) -> str:
    text = " ".join(str(found).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"


def money(micros: int, currency: str) -> str:
    """Return an amount as people write it: $12.40, or 12.40 CHF."""
    places = 0 if currency in WHOLE else 2
    number = f"{abs(Decimal(micros) / MICROS):,.{places}f}"
    shown = f"{SIGNS[currency]}{number}" if currency in SIGNS else f"{number} {currency}".strip()
    return f"−{shown}" if micros < 0 else shown


def _amount(event: Event) -> str:
    found = amount.stated(event.properties)
    if found is None:
        found = amount.micros(event.properties.get("amount"))
    return "" if found is None else money(found, amount.currency_of(event.properties, "USD"))


def _items(event: Event) -> str:
    count = sum(amount.quantity(line) for line in amount.products(event.properties)) / MICROS
    return f"{count:g} item{'' if count == 1 else 's'}" if count else ""


def _store(event: Event) -> str:
    place = event.context.get("store")
    found = place.get("id") or place.get("name") if isinstance(place, dict) else None
    return str(found or event.properties.get("store_id") or "")


def _discount(event: Event) -> str:
    found = amount.micros(event.properties.get("discount"))
    return "" if found is None else money(found, amount.currency_of(event.properties, "USD"))


def _duration(event: Event) -> str:
    found = event.properties.get("duration_s")
    if not isinstance(found, int | float):
        return ""
    minutes, seconds = divmod(round(found), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _fields(event: Event) -> str:
    return ", ".join(sorted(name.replace("_", " ") for name, found in event.traits.items() if found not in (None, "")))


def _actor(event: Event) -> str:
    return str(event.context.get("actor") or event.properties.get("actor") or "")


def _lot(event: Event) -> str:
    return "by lot, to measure it" if event.properties.get("reason") == "holdout" else ""


def _likeness(event: Event) -> str:
    """Return the identifiers that linkage took for this person's: the first, and how many others."""
    pairs = _pairs(event)
    others = f" and {len(pairs) - 1} others" if len(pairs) > 2 else " and another" if len(pairs) == 2 else ""
    return f"{_identifier(pairs[0].get('b'))}{others}" if pairs else ""


def _probability(event: Event) -> str:
    """Return how likely that is, of several pairs the least; what is not certain never reads as 100 %."""
    found = [one["probability"] for one in _pairs(event) if isinstance(one.get("probability"), int | float)]
    percent = 100 * min(found, default=0.0)
    return "over 99.9 %" if 99.9 < percent < 100 else f"{percent:.1f} %" if percent else ""


def _pairs(event: Event) -> list[dict[str, Any]]:
    found = event.properties.get("pairs")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _identifier(told: Any) -> str:
    """Return an identifier in words: its kind, without the system it comes from, and its value."""
    if not isinstance(told, dict) or not told.get("value"):
        return ""
    kind = str(told.get("kind", "")).partition("@")[0]
    return f"{KINDS.get(kind, kind.replace('_', ' '))} {told['value']}"


#: Kinds of identifiers whose names are no words.
KINDS = {
    "crm_id": "customer record",
    "user_id": "user",
    "loyalty_id": "loyalty card",
    "email": "the address",
    "phone": "the number",
    "address": "the address",
}

COMPUTED: dict[str, Callable[[Event], str]] = {
    "name": lambda event: event.name,
    "amount": _amount,
    "items": _items,
    "store": _store,
    "discount": _discount,
    "duration": _duration,
    "fields": _fields,
    "actor": _actor,
    "lot": _lot,
    "likeness": _likeness,
    "probability": _probability,
    "shared": lambda event: _identifier(event.properties.get("shared")),
    "verdict": lambda event: VERDICTS.get(str(event.properties.get("verdict")), "something about who this is"),
}
