"""Words to find people by: names without accents and case, cut into pieces that survive a typo."""

import re
import unicodedata

from rapidfuzz.distance import OSA

#: Words kept of one person, and letters of one word.
WORDS, LETTERS = 12, 32
#: Letters of the longest beginning that is indexed; longer ones are compared after the lookup.
BEGINNING = 6
#: Shortest word cut into trigrams, longest of which the gaps are kept.
TRIGRAMS, GAPS = 4, 7
#: Scores: a word as typed, the beginning of one, one with a typo (less its share of wrong letters).
EXACT, BEGUN, MISTYPED = 1.0, 0.9, 0.95


def words(text: str) -> list[str]:
    """Return the words of a text in lower case without accents, each once, in order."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("'", "").replace("’", ""))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = re.findall(r"[^\W_]+", bare)
    return list(dict.fromkeys(word[:LETTERS] for word in found))[:WORDS]


def trigrams(word: str) -> set[str]:
    """Return every three neighbouring letters with marks for both ends; a long word keeps some despite its typos."""
    marked = f"^{word}$"
    return {marked[at : at + 3] for at in range(len(marked) - 2)} if len(word) >= TRIGRAMS else set()


def gaps(word: str) -> set[str]:
    """Return a word and the word less each letter: two short words one typo apart always share one of these."""
    return {f"~{word[:at]}{word[at + 1 :]}" for at in range(len(word))} | {f"~{word}"} if len(word) <= GAPS else set()


def grams(word: str) -> set[str]:
    """Return everything by which a word of the vocabulary is found."""
    beginnings = {f"^{word[:length]}" for length in range(1, min(BEGINNING, len(word)) + 1)}
    return {f"={word}"} | beginnings | gaps(word) | trigrams(word)


def reach(word: str) -> int:
    """Return how many typos a word of this length may hold: none below three letters, two from six on."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def likeness(typed: str, word: str) -> float:
    """Return how well a word of the vocabulary fits what was typed, 0 to 1; 0 is not at all."""
    if typed == word:
        return EXACT
    allowed = reach(typed)
    distance = OSA.distance(typed, word, score_cutoff=allowed)
    mistyped = MISTYPED * (1 - distance / max(len(typed), len(word))) if distance <= allowed else 0.0
    begun = BEGUN if len(typed) > 1 and word.startswith(typed) else 0.0
    return max(mistyped, begun)


def score(chosen: list[dict[str, float]], terms: set[str]) -> float:
    """Return how well terms fit the words typed, each given as its candidates; surplus words cost a little."""
    found = [max((likes.get(term, 0.0) for term in terms), default=0.0) for likes in chosen]
    if not found or not all(found):
        return 0.0
    surplus = len([term for term in terms if not term.startswith("#")]) - len(found)
    return sum(found) / len(found) - 0.01 * max(surplus, 0)
