"""Schema history: numbered SQL files, forward only, each applied once and in one transaction."""

from importlib import resources

from onevoice.adapters.database import Database

LEDGER = "CREATE TABLE IF NOT EXISTS {name} (step TEXT PRIMARY KEY, applied_at {{big}} NOT NULL)"


def steps(history: str) -> list[str]:
    """Return the file names of a history (`intake` or `state`), oldest first."""
    folder = resources.files("onevoice.adapters") / "sql" / history
    return sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))


def pending(database: Database, history: str) -> list[str]:
    """Return the steps that this database has not seen."""
    ledger = f"{history}_migrations"
    database.script(LEDGER.format(name=ledger))
    applied = {step for (step,) in database.query(f"SELECT step FROM {ledger}")}
    return [step for step in steps(history) if step not in applied]


def migrate(database: Database, history: str, *, now: int, upto: str | None = None) -> list[str]:
    """
    Apply what is pending, up to and including *upto*, and return the steps applied.

    A step and its ledger row commit together, so a crash leaves a step wholly applied or not at all.
    """
    done: list[str] = []
    for step in pending(database, history):
        if upto is not None and step > upto:
            break
        text = (resources.files("onevoice.adapters") / "sql" / history / step).read_text(encoding="utf-8")
        with database.transaction():
            database.script(text)
            database.insert(f"{history}_migrations", ("step", "applied_at"), [(step, now)])
        done.append(step)
    return done
