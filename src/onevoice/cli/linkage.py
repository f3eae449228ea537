"""Commands of probabilistic linkage: run it over the profiles, or try a model on labelled data."""

from collections.abc import Hashable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import typer
from rich.console import Console
from rich.table import Table

from onevoice.adapters.candidates import table
from onevoice.adapters.linkage import backend, columns_of, pairs, score
from onevoice.cli.workspace import current
from onevoice.domain.errors import BadInput
from onevoice.domain.identifier import Identifier
from onevoice.resolve.accuracy import accuracy
from onevoice.resolve.assertion import linked
from onevoice.resolve.linkage import LinkageModel, Pair, average_link, kept, probability
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now

linkage = typer.Typer(no_args_is_help=True, help="Find people again who share no identifier.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(linkage, name="linkage")


def read_model(path: Path | None) -> LinkageModel:
    """
    Read a model document, or the shipped one.

    Raises:
        BadInput: The document is not readable as a model.
    """
    shipped = resources.files("onevoice.resolve") / "models" / "people.yaml"
    try:
        return msgspec.yaml.decode((path or shipped).read_bytes(), type=LinkageModel)
    except (OSError, msgspec.DecodeError) as error:
        raise BadInput(f"{path}: {error}.") from error


@linkage.command("run")
def run(
    model: Path | None = typer.Option(None, help="A model document; default: the shipped people model."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only say what would be linked."),
) -> None:
    """Score all profiles against each other and add what is likely as evidence, with its probability."""
    settings = current()
    stores = Stores.open(settings)
    wanted = read_model(model)
    records, identifiers = table(stores.state, columns_of(wanted))
    found = likely(records, wanted, settings.engine)
    print(f"{records.num_rows:,} people compared, {len(found):,} pairs likely the same.")
    if dry_run:
        for a, b, weight in found[:20]:
            left, right = identifiers[a], identifiers[b]
            print(f"  {probability(weight):.3f}  {left.kind}:{left.value}  {right.kind}:{right.value}")
        return
    tell(stores, found, identifiers, model.stem if model else "people")


def tell(stores: Stores, found: Sequence[Pair[str]], identifiers: Mapping[str, Identifier], model: str) -> None:
    """Tell the log which people are likely the same; the resolver does the rest."""
    at = now()
    named = [((identifiers[a].key, identifiers[b].key), probability(weight)) for a, b, weight in found]
    events = [linked([(*keys, chance)], now=at, model=model) for keys, chance in named]
    for start in range(0, len(events), 1_000):
        stores.intake.emit(events[start : start + 1_000], "linkage", at)


def likely(records: Any, model: LinkageModel, engine: str) -> list[Pair[str]]:
    """Return the pairs that the cut keeps together and that are likely enough for the loosest use, surest first."""
    if records.num_rows < 2:
        return []
    scored = pairs(score([records], model, backend(engine)))
    clusters = average_link(scored, join=model.join, missing=model.missing, most=model.most)
    sure = [pair for pair in kept(scored, clusters) if probability(pair[2]) >= model.coupon]
    return sorted(sure, key=lambda pair: (-pair[2], pair[0], pair[1]))


@linkage.command("evaluate")
def evaluate(
    files: list[Path] = typer.Argument(help="CSV or Parquet: one file to find duplicates in, or two to link."),
    model: Path = typer.Option(..., help="The model document."),
    truth: str = typer.Option("cluster", help="The column that says who is who."),
    key: str = typer.Option("unique_id", help="The column that names a record."),
    engine: str = typer.Option("duckdb", help="duckdb or spark"),
) -> None:
    """Try a model on labelled data: precision, recall, pair F1, B³, and the largest cluster."""
    wanted = read_model(model)
    tables = [labelled(path, key, truth, wanted) for path in files]
    labels: dict[Hashable, Hashable] = {}
    for each in tables:
        labels.update(zip(each.column("unique_id").to_pylist(), each.column("true cluster").to_pylist(), strict=True))
    scored = pairs(score([each.drop(["true cluster"]) for each in tables], wanted, backend(engine)))
    result = accuracy(average_link(scored, join=wanted.join, missing=wanted.missing, most=wanted.most), labels)
    shown = Table("measure", "value", box=None)
    for name, value in msgspec.structs.asdict(result).items():
        shown.add_row(name.replace("_", " "), f"{value:.4f}" if isinstance(value, float) else f"{value:,}")
    Console().print(shown)


def labelled(path: Path, key: str, truth: str, model: LinkageModel) -> Any:
    """
    Read labelled records as Arrow text columns.

    Raises:
        BadInput: The file or a column is missing.
    """
    columns = [f'CAST("{name}" AS VARCHAR) AS "{name}"' for name in columns_of(model)]
    columns += [f'concat_ws(\' \', "{a}", "{b}") AS "{name}"' for name, (a, b) in joined(model).items()]
    try:
        return duckdb.sql(
            f'SELECT CAST("{key}" AS VARCHAR) AS unique_id, CAST("{truth}" AS VARCHAR) AS "true cluster", '
            f"{', '.join(columns)} FROM '{path}'"
        ).to_arrow_table()
    except duckdb.Error as error:
        raise BadInput(f"{path}: {error}") from error


def joined(model: LinkageModel) -> dict[str, tuple[str, str]]:
    """Return the columns that hold a forename and surname together."""
    return {
        f"{field.column}_{field.second}": (field.column, field.second)
        for field in model.fields
        if field.kind == "forename_surname"
    }
