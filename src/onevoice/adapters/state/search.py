"""Search for people: any identifier exactly, names as typed, as begun, or with a typo."""

import re

from onevoice.adapters.database import Database, Row
from onevoice.adapters.state.people import People
from onevoice.collect import address
from onevoice.domain.profile import Hit
from onevoice.profile import term

#: Kinds in the graph, found by hopping through the index instead of reading it.
KINDS = """
WITH RECURSIVE found(kind) AS (
    SELECT min(kind) FROM nodes
    UNION ALL
    SELECT (SELECT min(n.kind) FROM nodes AS n WHERE n.kind > found.kind) FROM found WHERE found.kind IS NOT NULL
)
SELECT kind FROM found WHERE kind IS NOT NULL
"""
HIDDEN = frozenset({"mailbox"})
BLOCKED = 3  #: nodes.status of a value that names nobody

#: Words typed that are looked at, words of the vocabulary tried for each, and people weighed.
TYPED, TRIED, WEIGHED = 5, 40, 200
#: A piece of the middle, or a beginning, shared by more words than this says too little to be worth reading.
COMMON, COMMON_BEGINNING = 3_000, 20_000
#: People behind the rarest word typed who are looked at.
CROWD = 2_000


class Search:
    """Answers what is typed into the search box; *country* reads phone numbers without a country code."""

    def __init__(self, database: Database, country: str = "US") -> None:
        self.database = database
        self.people = People(database)
        self.country = country

    def find(self, text: str, limit: int = 20) -> list[Hit]:
        """Return the best answers: identifiers that fit exactly, then names by likeness, then by who was seen last."""
        exact = self._exact(text.strip()[:500])
        named = self._named(text, limit) if len(exact) < limit else []
        known = {hit.summary.person for hit in exact}
        return (exact + [hit for hit in named if hit.summary.person not in known])[:limit]

    def _exact(self, text: str) -> list[Hit]:
        if not text:
            return []
        kinds = [kind for (kind,) in self.database.query(KINDS) if kind not in HIDDEN]
        named, _, value = text.partition(":")
        wanted = {(kind, one) for kind in kinds for one in spellings(text, self.country)}
        wanted |= {(kind, one) for kind in kinds if kind == named for one in spellings(value, self.country)}
        rows = self.database.lookup("nodes", ("kind", "person", "status"), ("kind", "value"), sorted(wanted))
        kind_of = {person: kind for kind, person, status in sorted(rows, reverse=True) if status != BLOCKED}
        found = self.people.of(kind_of)
        return [Hit(summary=one, score=1.0, found_by=kind_of[one.person]) for one in found]

    def _named(self, text: str, limit: int) -> list[Hit]:
        typed = term.words(text)[:TYPED]
        if not typed:
            return []
        found = self._as_typed(typed)
        if len(found) < limit:
            chosen = [self._candidates(word) for word in typed]
            if all(chosen):
                found += self._resembling(chosen, {hit.summary.person for hit in found})
        return sorted(found, key=lambda hit: (-hit.score, -hit.summary.last_at, hit.summary.person))

    def _candidates(self, typed: str) -> dict[str, float]:
        """Return the words of the vocabulary that may be meant, with how well each fits."""
        beginning = f"^{typed[: term.BEGINNING]}"
        found = self._share([beginning], 1, 0, term.LETTERS, COMMON_BEGINNING) if len(typed) > 1 else set()
        typos = term.reach(typed)
        lengths = (len(typed) - typos, len(typed) + typos)
        if typos:
            found |= self._share(sorted(term.gaps(typed)), 1, *lengths)
        if typos > 1:
            pieces = sorted(term.trigrams(typed))
            found |= self._share(pieces, max(1, len(pieces) - 3 * typos), *lengths)
        likes = {word: like for word in {*found, typed} if (like := term.likeness(typed, word))}
        best = sorted(likes.items(), key=lambda item: (-item[1], len(item[0]), item[0]))
        return dict(best[:TRIED])

    def _share(self, pieces: list[str], least: int, shortest: int, longest: int, common: int = COMMON) -> set[str]:
        """Return the words that share at least so many pieces (of those that are not too common) and fit in length."""
        rare = [piece for piece in pieces if self._size("people_grams", "gram", [piece], common) <= common]
        least = max(1, least - (len(pieces) - len(rare)))
        marks = ", ".join("?" * len(rare))
        rows: list[Row] = self.database.query(
            f"SELECT word FROM people_grams WHERE gram IN ({marks}) AND length(word) BETWEEN ? AND ? "
            "GROUP BY word HAVING count(*) >= ?",
            (*rare, shortest, longest, least),
        ) if rare else []  # fmt: skip
        return {word for (word,) in rows}

    def _size(self, table: str, column: str, values: list[str], most: int) -> int:
        marks = ", ".join("?" * len(values))
        row = self.database.one(
            f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {column} IN ({marks}) LIMIT ?) AS part",
            (*values, most + 1),
        )
        return int(row[0]) if row else 0

    def _as_typed(self, typed: list[str]) -> list[Hit]:
        """Return people who have every word as typed: ordered reads of one index, merged."""
        each = " INTERSECT ".join(["SELECT person FROM people_terms WHERE term = ?"] * len(typed))
        rows = self.database.query(f"{each} ORDER BY person LIMIT ?", (*typed, WEIGHED))
        return self._weighed([{word: term.EXACT} for word in typed], [person for (person,) in rows], set())

    def _resembling(self, chosen: list[dict[str, float]], known: set[str]) -> list[Hit]:
        """Return people who have one word of every set; those of the rarest set are looked at, the likeliest first."""
        sizes = [self._size("people_terms", "term", sorted(likes), CROWD) for likes in chosen]
        rarest = chosen[sizes.index(min(sizes))]
        persons: dict[str, None] = {}
        for word in rarest:
            left = CROWD - len(persons)
            rows = self.database.query(
                "SELECT person FROM people_terms WHERE term = ? ORDER BY person LIMIT ?", (word, left)
            )
            persons |= dict.fromkeys(person for (person,) in rows)
            if len(persons) >= CROWD:
                break
        return self._weighed(chosen, list(persons), known)

    def _weighed(self, chosen: list[dict[str, float]], persons: list[str], known: set[str]) -> list[Hit]:
        """Return those people whose terms fit, with their score."""
        wanted = [person for person in persons if person not in known]
        rows = self.database.lookup("people", ("person", "terms"), ("person",), wanted)
        scored = ((term.score(chosen, set(text.split("\n"))), person) for person, text in rows)
        best = sorted(((-round(score, 6), person) for score, person in scored if score))[:WEIGHED]
        scores = {person: -score for score, person in best}
        return [Hit(summary=one, score=scores[one.person], found_by="name") for one in self.people.of(scores)]


def spellings(text: str, country: str) -> list[str]:
    """Return the forms in which a typed identifier may be stored: as it is, in lower case, as address, as number."""
    digits = re.sub(r"[\s()./-]", "", text)
    forms = [text, text.lower(), address.email(text) if "@" in text else ""]
    if digits.lstrip("+").isdigit() and digits.isascii():
        forms += [digits, address.phone(text, country)]
    return list(dict.fromkeys(form for form in forms if form))
