"""Commands about who is who: why, same, not-same, withdraw, and the identity rules."""

from pathlib import Path

import typer
import yaml

from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.reform import Reform
from onevoice.cli.workspace import current
from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event
from onevoice.domain.evidence import Verdict
from onevoice.resolve.assertion import asserted
from onevoice.resolve.reform import Outcome, changed
from onevoice.resolve.rules import BadRules, Rules, read
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now, open_intake, open_state

identity = typer.Typer(no_args_is_help=True, help="The identity rules: see what a change would do, then make it.")

NAMED = "An identifier, as email:anna@example.com or loyalty_id@till:123."


class BadIdentifier(BadInput):
    """An identifier is written KIND:VALUE, as email:anna@example.com."""


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(why)
    app.command()(same)
    app.command(name="not-same")(not_same)
    app.command()(withdraw)
    app.add_typer(identity, name="identity")


def key_of(text: str) -> tuple[str, str]:
    """
    Return the kind and value of KIND:VALUE.

    Raises:
        BadIdentifier: There is no colon, or nothing on one side of it.
    """
    kind, _, value = text.partition(":")
    if not kind.strip() or not value.strip():
        raise BadIdentifier(f"{text!r} is no identifier; write KIND:VALUE, as email:anna@example.com.")
    return kind.strip(), value.strip()


def why(a: str = typer.Argument(help=NAMED), b: str = typer.Argument(help=NAMED)) -> None:
    """Say why two identifiers are, or are not, the same person."""
    answer = GraphStore(open_state(current())).why(key_of(a), key_of(b))
    print(answer.sentence)
    for link in answer.links or answer.refusals:
        print(f"  - {link.sentence}")


def same(a: str = typer.Argument(help=NAMED), b: str = typer.Argument(help=NAMED), by: str = "") -> None:
    """Say that two identifiers are the same person's; it outranks every rule."""
    _assert(a, b, "same", by)


def not_same(a: str = typer.Argument(help=NAMED), b: str = typer.Argument(help=NAMED), by: str = "") -> None:
    """Say that two identifiers are not the same person's; no rule will join them again."""
    _assert(a, b, "not_same", by)


def withdraw(a: str = typer.Argument(help=NAMED), b: str = typer.Argument(help=NAMED), by: str = "") -> None:
    """Take back what was said of two identifiers; the rules decide again."""
    _assert(a, b, "withdrawn", by)


def _assert(a: str, b: str, verdict: Verdict, by: str) -> None:
    settings = current()
    at = now()
    event = asserted(key_of(a), key_of(b), verdict, now=at, actor=by or "the command line")
    _emit(settings, event, at)
    print("Noted; the worker acts on it as it reads the log.")


def _emit(settings: Settings, event: Event, at: int) -> None:
    Intake(open_intake(settings)).emit([event], "identity", at)


@identity.command("diff")
def diff(rules: Path) -> None:
    """Show what rules would change, without changing anything."""
    settings = current()
    store = GraphStore(open_state(settings))
    new = _read(rules, store)
    outcome = Reform(store, new, changed(new, now=now(), actor="diff"), workspace=settings.workspace).run(save=False)
    _print(outcome)


@identity.command("apply")
def apply(rules: Path, by: str = "") -> None:
    """Put rules in force: from its place in the log on, everybody is decided by them."""
    settings = current()
    new = _read(rules, GraphStore(open_state(settings)))
    at = now()
    _emit(settings, changed(new, now=at, actor=by or "the command line"), at)
    print(f"Rules version {new.version} are in the log; the worker puts them in force as it reads them.")


def _read(path: Path, store: GraphStore) -> Rules:
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadRules(f"{path} cannot be read: {error}.") from error
    if not isinstance(given, dict):
        raise BadRules(f"{path} must hold rules as `name: value` lines.")
    return read({"version": store.rules().version + 1, **given})


def _print(outcome: Outcome) -> None:
    for event in outcome.merges:
        told = event.properties
        print(f"merge  {told['survivor']} takes in {', '.join(told['absorbed'])}")
    for event in outcome.splits:
        told = event.properties
        print(f"split  {told['source']} gives {', '.join(told['results'])}: {', '.join(told['reasons'])}")
    print(f"{len(outcome.merges)} merges, {len(outcome.splits)} splits.")
