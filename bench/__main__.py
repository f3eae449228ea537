"""`python -m bench [NAME…]` prints a Markdown table of the named measurements, or of all."""

import importlib
import pkgutil
import sys

import bench


def names() -> list[str]:
    """Return the modules that measure something."""
    found = [module.name for module in pkgutil.iter_modules(bench.__path__) if module.name != "__main__"]
    return [name for name in sorted(found) if hasattr(importlib.import_module(f"bench.{name}"), "rows")]


def main(wanted: list[str]) -> None:
    """Print the table line by line, as the figures come."""
    print("| name | figure | baseline | ratio | note |\n|---|---|---|---|---|")
    for name in wanted or names():
        for row in importlib.import_module(f"bench.{name}").rows():
            print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
