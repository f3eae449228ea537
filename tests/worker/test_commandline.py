"""The command line finds each command in its module, and loads no other."""

import subprocess
import sys
from pathlib import Path

from onevoice import cli


def test_every_command_is_in_the_table() -> None:
    """What the modules register is exactly what the table lists, each under its own module."""
    folder = Path(cli.__file__).parent
    files = [*folder.glob("*.py"), *(path.parent for path in folder.glob("*/__init__.py"))]
    modules = sorted(
        file.stem for file in files if "def register(" in (file / "__init__.py" if file.is_dir() else file).read_text()
    )
    found = {name: module for module in modules for name in cli.group_of(module).commands}

    assert cli.COMMANDS == found


def test_one_command_loads_only_its_module() -> None:
    """Printing the version imports no store, no Django and no engine."""
    program = (
        "import sys; from onevoice.cli import app; app(['--version'], standalone_mode=False); "
        "print([name for name in ('django', 'pyarrow', 'duckdb', 'ibis', 'splink') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "[]" == done.stdout.splitlines()[-1]
