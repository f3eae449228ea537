"""How right a clustering is, against labelled data: pair precision and recall, and B³."""

from collections import Counter
from collections.abc import Hashable, Mapping

import msgspec


class Accuracy(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement of predicted clusters with the truth; pair figures count all pairs inside clusters."""

    precision: float
    recall: float
    f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    clusters: int
    largest: int  #: records in the largest predicted cluster
    largest_true: int


def harmonic(a: float, b: float) -> float:
    """Return the harmonic mean, 0 where both are 0."""
    return 2 * a * b / (a + b) if a + b else 0.0


def pairs_in(count: int) -> int:
    """Return how many pairs so many records make."""
    return count * (count - 1) // 2


def accuracy(predicted: Mapping[Hashable, Hashable], truth: Mapping[Hashable, Hashable]) -> Accuracy:
    """
    Compare two clusterings given as record -> cluster; a record missing from *predicted* is alone.

    B³ (Bagga and Baldwin 1998) averages each record's own precision and recall. Cost is linear in records.
    """
    guess = {record: predicted.get(record, ("alone", record)) for record in truth}
    of_guess, of_truth = Counter(guess.values()), Counter(truth.values())
    of_both = Counter((guess[record], truth[record]) for record in truth)
    both = sum(pairs_in(count) for count in of_both.values())
    guessed, true = (sum(pairs_in(count) for count in counts.values()) for counts in (of_guess, of_truth))
    precision, recall = (both / guessed if guessed else 1.0), (both / true if true else 1.0)
    b3_precision = sum(count * count / of_guess[cluster] for (cluster, _), count in of_both.items()) / max(
        len(truth), 1
    )
    b3_recall = sum(count * count / of_truth[cluster] for (_, cluster), count in of_both.items()) / max(len(truth), 1)
    return Accuracy(
        precision=precision,
        recall=recall,
        f1=harmonic(precision, recall),
        b3_precision=b3_precision,
        b3_recall=b3_recall,
        b3_f1=harmonic(b3_precision, b3_recall),
        clusters=len(of_guess),
        largest=max(of_guess.values(), default=0),
        largest_true=max(of_truth.values(), default=0),
    )
