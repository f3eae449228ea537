"""The shape of the house is checked, not only drawn: owners of tables, direction of reads, purity, sizes, names."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from onevoice.domain.errors import OnevoiceError

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "onevoice"
FLOW = ("collect", "resolve", "profile", "decide", "compose", "deliver", "measure")
STAGE: dict[str, ModuleType] = {name: import_module(f"onevoice.{name}") for name in FLOW}

#: Tables that belong to a door and not to a stage.
DOORS = {
    "intake": "gateway",
    "keys": "gateway",
    "cursors": "worker",
    "definitions": "wiring",
    "imports": "cli",
    "erasures": "worker",
}

#: What the core may never pull in, not even indirectly.
FRAMEWORKS = (
    "django",
    "starlette",
    "granian",
    "httpx",
    "psycopg",
    "duckdb",
    "aiosmtplib",
    "deltalake",
    "onevoice.adapters",
)

FILE_LINES = 500
FUNCTION_LINES = 40


def owners(table: str) -> list[str]:
    """Return the stages that say they write *table*."""
    return [name for name in FLOW if table in STAGE[name].WRITES]


def created() -> list[str]:
    """Return every table that an SQL file creates, as often as it is created."""
    files = sorted((SOURCE / "adapters" / "sql").glob("*/*.sql"))
    return [name for file in files for name in re.findall(r"CREATE (?:UNLOGGED )?TABLE (\w+)", file.read_text())]


@pytest.mark.parametrize("name", FLOW)
def test_written_table_has_one_owner(name: str) -> None:
    """No other stage writes what this stage writes."""
    expected = {table: [name] for table in STAGE[name].WRITES}

    assert expected == {table: owners(table) for table in STAGE[name].WRITES}


@pytest.mark.parametrize("name", FLOW)
def test_stage_reads_only_upstream(name: str) -> None:
    """Whatever a stage reads is owned by a stage before it."""
    upstream = set(FLOW[: FLOW.index(name)])

    assert [] == [table for table in STAGE[name].READS if not upstream.intersection(owners(table))]


def test_every_table_is_created_once() -> None:
    """No two migration steps create the same table."""
    assert sorted(set(created())) == sorted(created())


def test_every_created_table_has_exactly_one_owner() -> None:
    """Each table of the SQL files belongs to one stage or to one door."""
    strangers = {table: [*owners(table), DOORS.get(table)] for table in created()}

    assert {} == {table: found for table, found in strangers.items() if len([one for one in found if one]) != 1}


def test_every_declared_table_exists() -> None:
    """No stage or door claims a table that nobody creates."""
    declared = {table for name in FLOW for table in STAGE[name].WRITES} | set(DOORS)

    assert set() == declared - set(created())


def core_modules() -> list[str]:
    """Return the dotted names of all modules of the domain and the stages."""
    files = (file for room in ("domain", *FLOW) for file in sorted((SOURCE / room).rglob("*.py")))
    names = (".".join(file.relative_to(SOURCE.parent).with_suffix("").parts) for file in files)
    return [name.removesuffix(".__init__") for name in names]


def test_the_core_pulls_in_no_framework() -> None:
    """A fresh interpreter imports every core module, and no framework, driver or network library is loaded."""
    program = (
        f"import sys\nfrom importlib import import_module\n"
        f"for name in {core_modules()!r}: import_module(name)\n"
        f"print(*[name for name in {FRAMEWORKS!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ("", 0) == (done.stdout.strip(), done.returncode), done.stderr


def test_the_gateway_pulls_in_neither_django_nor_ibis() -> None:
    """A fresh interpreter imports every gateway module without Django or Ibis, which would slow its start."""
    files = sorted((SOURCE / "gateway").rglob("*.py"))
    names = [
        ".".join(file.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__") for file in files
    ]
    program = (
        f"import sys\nfrom importlib import import_module\n"
        f"for name in {names!r}: import_module(name)\n"
        f"print(*[name for name in ('django', 'ibis', 'pyspark') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert ("", 0) == (done.stdout.strip(), done.returncode), done.stderr


def python_files() -> list[Path]:
    """Return every source file that people wrote."""
    return [file for file in sorted(SOURCE.rglob("*.py")) if "migrations" not in file.relative_to(SOURCE).parts[:-1]]


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of a file with its length in lines, docstring not counted."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and ast.get_docstring(node)
            doc = (first.end_lineno or 0) - first.lineno + 1 if is_doc else 0
            yield (
                f"{file.relative_to(SOURCE)}:{node.lineno} {node.name}",
                (node.end_lineno or 0) - node.lineno + 1 - doc,
            )


def test_files_stay_readable_in_one_sitting() -> None:
    """No file is longer than five hundred lines; past that there is a second noun in it."""
    sizes = {str(file.relative_to(SOURCE)): len(file.read_text().splitlines()) for file in python_files()}

    assert {} == {name: size for name, size in sizes.items() if size > FILE_LINES}


def test_functions_stay_readable_at_a_glance() -> None:
    """No function is longer than forty lines; past that there is a second idea in it."""
    assert {} == {name: size for file in python_files() for name, size in functions(file) if size > FUNCTION_LINES}


def test_no_room_is_a_junk_drawer() -> None:
    """Nothing is named utils, helpers, common, misc or services: such names say nothing and attract everything."""
    drawers = {"utils", "util", "helpers", "helper", "common", "misc", "services", "service", "manager", "managers"}

    assert [] == [str(file) for file in python_files() if drawers & {*file.parent.parts, file.stem}]


def test_tests_patch_nothing() -> None:
    """No test replaces a part of the code: a test that would need to shows a missing seam."""
    patching = re.compile(r"mock\.patch|monkeypatch\.setattr|mocker\.")
    files = [file for file in sorted((ROOT / "tests").rglob("*.py")) if file != Path(__file__)]

    assert [] == [str(file.relative_to(ROOT)) for file in files if patching.search(file.read_text())]


def errors(of: type[Exception] = OnevoiceError) -> Iterator[type[Exception]]:
    """Yield every error class of the house that is loaded."""
    for found in of.__subclasses__():
        yield found
        yield from errors(found)


def test_every_error_says_what_happened_in_a_sentence() -> None:
    """An error's docstring is its message: it exists, starts like a sentence and ends like one."""
    for name in core_modules():
        import_module(name)

    assert [] == [one.__name__ for one in errors() if not re.match(r"(?s)^[A-Z].*\.$", (one.__doc__ or "").strip())]


def test_documented_decisions_are_named_by_their_decision() -> None:
    """Each record is one numbered page with a title, and no number is used twice."""
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [page.name[:4] for page in pages]

    assert sorted(set(numbers)) == numbers
    assert [] == [page.name for page in pages if not re.match(r"# [A-Z]", page.read_text())]
