"""The list of people, a line each, newest first; kept by `Profiles.refresh`, searched by `Search`."""

from collections.abc import Iterable, Sequence

from onevoice.adapters.database import Database, Row
from onevoice.domain.event import CHANNELS
from onevoice.domain.profile import Summary
from onevoice.profile.term import grams

COLUMNS = (
    "person", "name", "initials", "email", "phone", "city", "household", "known", "identifiers", "channels", "first_at",
    "last_at", "events", "orders", "revenue", "currency", "consent", "tags",
)  # fmt: skip
WRITTEN = (*COLUMNS, "terms")
REPLACE = "ON CONFLICT (person) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in WRITTEN[1:])
#: Bound values in one statement.
CHUNK = 500

Key = tuple[int, str]  #: last_at, person


class People:
    """The people, people_terms and people_grams tables."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, found: Sequence[tuple[Summary, Sequence[str]]]) -> None:
        """Write lines with their terms; what no longer fits goes."""
        with self.database.transaction():
            had = self._terms([summary.person for summary, _ in found])
            rows = [(*_row(summary), "\n".join(terms)) for summary, terms in found]
            self.database.insert("people", WRITTEN, rows, REPLACE)
            now = {(term, summary.person) for summary, terms in found for term in terms}
            self._learn(now - had)
            self._forget(had - now)

    def remove(self, persons: Iterable[str]) -> int:
        """Take people off the list with their terms, and return how many there were."""
        wanted = sorted(set(persons))
        with self.database.transaction():
            self._forget(self._terms(wanted))
            return sum(
                self.database.execute(f"DELETE FROM people WHERE person IN ({_marks(part)})", part)
                for part in _chunks(wanted)
            )

    def _terms(self, persons: Sequence[str]) -> set[tuple[str, str]]:
        rows = self.database.lookup("people", ("person", "terms"), ("person",), persons)
        return {(term, person) for person, terms in rows for term in terms.split("\n") if term}

    def _learn(self, pairs: set[tuple[str, str]]) -> None:
        self.database.insert("people_terms", ("term", "person"), sorted(pairs), "ON CONFLICT DO NOTHING")
        used = sorted({term for term, _ in pairs if not term.startswith("#")})
        known = self._vocabulary(used)
        rows = sorted({(gram, word) for word in used if word not in known for gram in grams(word)})
        self.database.insert("people_grams", ("gram", "word"), rows, "ON CONFLICT DO NOTHING")

    def _vocabulary(self, used: Sequence[str]) -> set[str]:
        rows = self.database.lookup("people_grams", ("word",), ("gram",), [f"={word}" for word in used])
        return {word for (word,) in rows}

    def _forget(self, pairs: set[tuple[str, str]]) -> None:
        """Delete terms, and from the vocabulary each word that nobody has any more."""
        for pair in sorted(pairs):
            self.database.execute("DELETE FROM people_terms WHERE term = ? AND person = ?", pair)
        for word in sorted({term for term, _ in pairs if not term.startswith("#")}):
            if self.database.one("SELECT 1 FROM people_terms WHERE term = ? LIMIT 1", (word,)) is None:
                for gram in grams(word):
                    self.database.execute("DELETE FROM people_grams WHERE gram = ? AND word = ?", (gram, word))

    def page(
        self, before: Key | None = None, limit: int = 50, *, channel: str = "", tag: str = "", known: bool = False
    ) -> list[Summary]:
        """
        Return people, the last seen first; *before* is the key of the last line of the page before.

        They may be narrowed to those met in a channel, those with a tag, and those known by more than claims.
        """
        tables, where = "people AS p", ["1 = 1"]
        params: list[object] = []
        if tag:
            tables += " JOIN people_terms AS t ON t.person = p.person AND t.term = ?"
            params.append(f"#{tag}")
        if before is not None:
            where.append("(p.last_at, p.person) < (?, ?)")
            params += before
        if channel:
            where.append(f"p.channels & {_bits((channel,))} <> 0")
        if known:
            where.append("p.known = 1")
        # Only columns of one index are read here, so that a rare channel costs no walk through the whole table.
        rows = self.database.query(
            f"SELECT p.person FROM {tables} WHERE {' AND '.join(where)} ORDER BY p.last_at DESC, p.person DESC LIMIT ?",
            (*params, limit),
        )
        return self.of(person for (person,) in rows)

    def of(self, persons: Iterable[str]) -> list[Summary]:
        """Return the lines of some people, the last seen first."""
        rows = self.database.lookup("people", COLUMNS, ("person",), sorted(set(persons)))
        return sorted((_summary(row) for row in rows), key=key, reverse=True)

    def count(self, *, known: bool = False) -> int:
        """Return how many people there are."""
        row = self.database.one(f"SELECT count(*) FROM people{' WHERE known = 1' if known else ''}")
        return int(row[0]) if row else 0

    def tags(self) -> dict[str, int]:
        """Return every tag with how many people have it, by name."""
        rows = self.database.query(
            "SELECT term, count(*) FROM people_terms WHERE term >= '#' AND term < '$' GROUP BY term"
            if self.database.dialect == "sqlite"
            else "SELECT term, count(*) FROM people_terms WHERE term LIKE '#%' GROUP BY term"
        )
        return {term[1:]: count for term, count in sorted(rows)}


def key(summary: Summary) -> Key:
    """Return the key of a line, for the page after it."""
    return (summary.last_at, summary.person)


def _bits(channels: Iterable[str]) -> int:
    return sum(1 << CHANNELS.index(channel) for channel in channels if channel in CHANNELS)


def _row(summary: Summary) -> Row:
    consent = " ".join(f"{'' if state == 'granted' else '-'}{channel}" for channel, state in summary.consent.items())
    plain = [getattr(summary, name) for name in COLUMNS]
    row = dict(zip(COLUMNS, plain, strict=True))
    row |= {"known": int(summary.known), "channels": _bits(summary.channels), "consent": consent}
    row["tags"] = "\n".join(summary.tags)
    return tuple(row.values())


def _summary(row: Row) -> Summary:
    fields = dict(zip(COLUMNS, row, strict=True))
    fields["known"] = bool(fields["known"])
    fields["channels"] = tuple(name for at, name in enumerate(CHANNELS) if fields["channels"] >> at & 1)
    fields["consent"] = {
        word.removeprefix("-"): "withdrawn" if word.startswith("-") else "granted" for word in fields["consent"].split()
    }
    fields["tags"] = tuple(fields["tags"].split("\n")) if fields["tags"] else ()
    return Summary(**fields)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _chunks(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))
