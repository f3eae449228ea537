"""Codes in the store: made in bulk, reserved and redeemed so that no two tills ever take the last use."""

import secrets
from collections.abc import Sequence
from typing import Literal

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.compose import codes
from onevoice.domain.errors import NotAllowed, NotFound
from onevoice.domain.moment import MINUTE
from onevoice.domain.offer import CodeRule, Offer

State = Literal["reserved", "committed", "released"]

COLUMNS = ("id", "code", "offer", "reference", "state", "at", "expires_at", "order_id")
CODE_COLUMNS = ("code", "offer", "holder", "uses", "used", "made_at")
HOLD = 15 * MINUTE  #: how long a till may hold a code before it is free again
ATTEMPTS = 20  #: codes tried for a holder whose first ones belong to others


class CodeNotFound(NotFound):
    """This code was never given out; read it again."""


class CodeUsed(NotAllowed):
    """This code was used already."""


class OfferNotOpen(NotAllowed):
    """The offer does not hold today."""


class RedemptionNotFound(NotFound):
    """There is no such redemption."""


class RedemptionEnded(NotAllowed):
    """This redemption was released; redeem the code again."""


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """One code as it was given out."""

    code: str
    offer: str
    holder: str
    uses: int
    used: int
    made_at: int


class Redemption(msgspec.Struct, frozen=True, kw_only=True):
    """One use of a code."""

    id: str
    code: str
    offer: str
    reference: str
    state: State
    at: int
    expires_at: int
    order_id: str


class Offers:
    """The tables codes and redemptions."""

    def __init__(self, database: Database, secret: str) -> None:
        self.database = database
        self._secret = secret.encode()

    # Making codes

    def issue(self, name: str, offer: Offer, holders: Sequence[str], now: int) -> dict[str, str]:
        """
        Return every holder's code as people read it, making those that are missing.

        A holder's code is derived from the workspace's secret, so making it twice gives it once. An offer without a
        code gives none; a shared code is the same for all.
        """
        rule = offer.code
        if rule is None:
            return dict.fromkeys(holders, "")
        if rule.kind == "shared":
            self._insert([(codes.canonical(rule.text), name, "", rule.uses, 0, now)])
            return dict.fromkeys(holders, rule.text)
        made = self._unique(name, rule, holders, now)
        return {holder: codes.shown(code, rule.prefix) for holder, code in made.items()}

    def preview(self, name: str, offer: Offer, holder: str) -> str:
        """Return a code as it would look, without giving it out."""
        rule = offer.code
        if rule is None or rule.kind == "shared":
            return rule.text if rule else ""
        minted = codes.mint(self._secret, f"preview of {name}", holder, length=rule.length)
        return codes.shown(codes.canonical(rule.prefix) + minted, rule.prefix)

    def bulk(self, name: str, offer: Offer, first: int, count: int, now: int) -> list[str]:
        """Make codes without holders, numbered from *first*, and return them as people read them."""
        made = self.issue(name, offer, [f"\x1ebulk\x1f{number}" for number in range(first, first + count)], now)
        return list(made.values())

    def _unique(self, name: str, rule: CodeRule, holders: Sequence[str], now: int) -> dict[str, str]:
        prefix = codes.canonical(rule.prefix)
        made: dict[str, str] = {}
        open_holders = list(dict.fromkeys(holders))
        for attempt in range(ATTEMPTS):
            tried = {
                holder: prefix + codes.mint(self._secret, name, holder, length=rule.length, attempt=attempt)
                for holder in open_holders
            }
            self._insert([(code, name, holder, rule.uses, 0, now) for holder, code in tried.items()])
            owners = self._owners(list(tried.values()))
            made |= {holder: code for holder, code in tried.items() if owners[code] == (name, holder)}
            open_holders = [holder for holder in open_holders if holder not in made]
            if not open_holders:
                break
        return made

    def _insert(self, rows: Sequence[Row]) -> None:
        self.database.insert("codes", CODE_COLUMNS, rows, "ON CONFLICT DO NOTHING")

    def _owners(self, wanted: Sequence[str]) -> dict[str, tuple[str, str]]:
        rows = self.database.lookup("codes", ("code", "offer", "holder"), ("code",), list(wanted))
        return {code: (offer, holder) for code, offer, holder in rows}

    # Looking

    def code(self, text: str) -> Code:
        """
        Return what is known of a code as somebody typed it.

        Raises:
            CodeNotFound: It was never given out.
        """
        row = self.database.one(f"SELECT {', '.join(CODE_COLUMNS)} FROM codes WHERE code = ?", (codes.canonical(text),))
        if row is None:
            raise CodeNotFound(code=text)
        return Code(**dict(zip(CODE_COLUMNS, row, strict=True)))

    def of_holder(self, offer: str, holder: str) -> list[Code]:
        """Return the codes of a holder for an offer."""
        rows = self.database.query(
            f"SELECT {', '.join(CODE_COLUMNS)} FROM codes WHERE offer = ? AND holder = ? ORDER BY code", (offer, holder)
        )
        return [Code(**dict(zip(CODE_COLUMNS, row, strict=True))) for row in rows]

    # Redeeming

    def reserve(self, text: str, offer: Offer, reference: str, now: int, hold: int = HOLD) -> Redemption:
        """
        Hold a code for one transaction of a till; the same reference gets the same redemption.

        Raises:
            CodeNotFound: It was never given out.
            OfferNotOpen: The offer does not hold now.
            CodeUsed: Every use is taken.
        """
        if not offer.valid.opens_at <= now < offer.valid.closes_at:
            raise OfferNotOpen
        code = codes.canonical(text)
        with self.database.transaction():
            # Touching the row first makes every other till wait here, on both stores.
            if not self.database.execute("UPDATE codes SET used = used WHERE code = ?", (code,)):
                raise CodeNotFound(code=text)
            self._release_expired(code, now)
            found = self._find("code = ? AND reference = ?", (code, reference))
            if found and found.state != "released":
                return found
            taken = self.database.execute(
                "UPDATE codes SET used = used + 1 WHERE code = ? AND (uses = 0 OR used < uses)", (code,)
            )
            if not taken:
                raise CodeUsed(code=text)
            return self._put(code, reference, now, now + hold)

    def commit(self, redemption: str, order_id: str, now: int) -> Redemption:
        """
        Make a reservation final; doing so again changes nothing.

        Raises:
            RedemptionNotFound: No such redemption.
            RedemptionEnded: It was released, or its hold ended and the code went to another.
        """
        with self.database.transaction():
            self.database.execute(
                "UPDATE redemptions SET state = 'committed', order_id = ?, at = ? WHERE id = ? AND state = 'reserved'",
                (order_id, now, redemption),
            )
            found = self._get(redemption)
            if found.state == "released":
                raise RedemptionEnded(redemption=redemption)
            return found

    def release(self, redemption: str) -> Redemption:
        """
        Give a reserved use back; a committed one stays.

        Raises:
            RedemptionNotFound: No such redemption.
        """
        with self.database.transaction():
            freed = self.database.execute(
                "UPDATE redemptions SET state = 'released' WHERE id = ? AND state = 'reserved'", (redemption,)
            )
            found = self._get(redemption)
            if freed:
                self.database.execute("UPDATE codes SET used = used - 1 WHERE code = ?", (found.code,))
            return found

    def redeem(self, text: str, offer: Offer, reference: str, order_id: str, now: int) -> Redemption:
        """Reserve and commit in one transaction; raises what `reserve` raises."""
        with self.database.transaction():
            return self.commit(self.reserve(text, offer, reference, now).id, order_id, now)

    def redemptions(self, offer: str, limit: int = 100) -> list[Redemption]:
        """Return the newest redemptions of an offer."""
        return self._rows("offer = ? ORDER BY at DESC, id LIMIT ?", (offer, limit))

    def _release_expired(self, code: str, now: int) -> None:
        freed = self.database.execute(
            "UPDATE redemptions SET state = 'released' WHERE code = ? AND state = 'reserved' AND expires_at <= ?",
            (code, now),
        )
        if freed:
            self.database.execute("UPDATE codes SET used = used - ? WHERE code = ?", (freed, code))

    def _put(self, code: str, reference: str, now: int, until: int) -> Redemption:
        offer = self._owners([code])[code][0]
        redemption = secrets.token_hex(12)
        self.database.insert(
            "redemptions",
            COLUMNS,
            [(redemption, code, offer, reference, "reserved", now, until, "")],
            "ON CONFLICT (code, reference) DO UPDATE SET id = excluded.id, state = 'reserved', at = excluded.at, "
            "expires_at = excluded.expires_at, order_id = ''",
        )
        return self._get(redemption)

    def _get(self, redemption: str) -> Redemption:
        found = self._find("id = ?", (redemption,))
        if found is None:
            raise RedemptionNotFound(redemption=redemption)
        return found

    def _find(self, where: str, params: Sequence[object]) -> Redemption | None:
        found = self._rows(where, params)
        return found[0] if found else None

    def _rows(self, where: str, params: Sequence[object]) -> list[Redemption]:
        rows = self.database.query(f"SELECT {', '.join(COLUMNS)} FROM redemptions WHERE {where}", params)
        return [msgspec.convert(dict(zip(COLUMNS, row, strict=True)), Redemption) for row in rows]
