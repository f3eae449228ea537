"""Scores pairs of records with Splink, on DuckDB or Spark, from a model that is a document."""

import importlib
import logging
from collections.abc import Callable, Iterable
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from onevoice.domain.errors import BadInput
from onevoice.resolve.linkage import Field, LinkageModel

# Splink narrates its training, and warns of levels that a small data set never shows; its errors still come through.
logging.getLogger("splink").setLevel(logging.ERROR)


class BadModel(BadInput):
    """The linkage model does not fit the records; see the detail for the column or rule."""


#: How each kind of field is graded; thresholds are the library's published defaults unless a comment says otherwise.
COMPARISONS: dict[str, Callable[[Field], Any]] = {
    "forename_surname": lambda field: cl.ForenameSurnameComparison(
        field.column, field.second, forename_surname_concat_col_name=f"{field.column}_{field.second}"
    ),
    "name": lambda field: cl.NameComparison(field.column),
    "date": lambda field: cl.DateOfBirthComparison(field.column, input_is_string=True),
    "postcode": lambda field: cl.PostcodeComparison(field.column),
    "email": lambda field: cl.EmailComparison(field.column),
    "text": lambda field: cl.JaroWinklerAtThresholds(field.column, [0.9, 0.7]),
    "code": lambda field: cl.LevenshteinAtThresholds(field.column, [1, 2]),
    "exact": lambda field: cl.ExactMatch(field.column),
}


def backend(engine: str) -> Any:
    """
    Return what Splink runs on: DuckDB in this process, or the Spark session (made local where there is none).

    Raises:
        BadModel: Spark is wanted but not installed.
    """
    if engine != "spark":
        return DuckDBAPI(duckdb.connect())
    try:
        sql = importlib.import_module("pyspark.sql")
        spark = importlib.import_module("splink.backends.spark")
    except ImportError as error:
        raise BadModel("Spark is not installed: pip install onevoice[spark], and a Java runtime.") from error
    session = sql.SparkSession.builder.config("spark.jars", spark.similarity_jar_location()).getOrCreate()
    return spark.SparkAPI(spark_session=session, break_lineage_method="persist")


def columns_of(model: LinkageModel) -> list[str]:
    """Return the columns that a model compares."""
    return [name for field in model.fields for name in (field.column, field.second) if name]


def comparison(field: Field) -> Any:
    """Return Splink's comparison of a field."""
    made = COMPARISONS[field.kind](field)
    # These two grade frequencies by themselves, level by level.
    if field.frequency and field.kind not in {"forename_surname", "email"}:
        made = made.configure(term_frequency_adjustments=True)
    return made


def rule(text: str) -> Any:
    """Return Splink's blocking rule of comma-separated columns or expressions (commas in brackets are theirs)."""
    return block_on(*parts_of(text))


def parts_of(text: str) -> list[str]:
    """Split a rule at the commas outside brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def settings_of(model: LinkageModel, link_type: str) -> Any:
    """Return Splink's settings of a model."""
    return SettingsCreator(
        link_type=link_type,
        blocking_rules_to_generate_predictions=[rule(text) for text in model.block],
        comparisons=[comparison(field) for field in model.fields],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )


def trained(linker: Any, model: LinkageModel) -> Any:
    """Estimate the model's parameters from the records themselves: no labels are needed."""
    linker.training.estimate_probability_two_random_records_match(
        [rule(text) for text in model.certain], recall=model.recall
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=model.sample, seed=model.seed)
    for text in model.train:
        linker.training.estimate_parameters_using_expectation_maximisation(rule(text), record_sample_proportion=1.0)
    return linker


def score(tables: Iterable[Any], model: LinkageModel, backend: Any) -> Any:
    """
    Score the pairs of one table (duplicates within it) or of several (links between them).

    Each table needs `unique_id` and the model's columns. Returns Splink's frame of unique_id_l, unique_id_r and
    match_weight, not below the model's floor.

    Raises:
        BadModel: A column or rule does not fit.
    """
    frames = [backend.register(table) for table in tables]
    for frame in frames:
        lacking = sorted(set(columns_of(model)) - {column.unquote().name for column in frame.columns})
        if lacking:
            raise BadModel(f"The records lack the columns that the model compares: {', '.join(lacking)}.")
    link_type = "dedupe_only" if len(frames) == 1 else "link_only"
    try:
        linker = Linker(frames[0] if len(frames) == 1 else frames, settings_of(model, link_type))
        return trained(linker, model).inference.predict(threshold_match_weight=model.floor)
    except ValueError as error:
        raise BadModel("No two records agree on a `certain` rule: there is nothing to learn from.") from error
    except Exception as error:  # Splink passes on whatever its engine raises, of any type
        raise BadModel(f"The linkage model does not fit the records: {error}") from error


def pairs(frame: Any) -> list[tuple[str, str, float]]:
    """Read scored pairs out of Splink's frame."""
    table = frame.as_pyarrow_table().select(["unique_id_l", "unique_id_r", "match_weight"])
    left, right, weight = (column.to_pylist() for column in table.columns)
    return list(zip(left, right, weight, strict=True))
