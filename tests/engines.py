"""Both engines, for tests that must get the same answer from either."""

import pytest

#: Parametrises a fixture by engine.
ENGINES = ["duckdb", pytest.param("spark", marks=pytest.mark.spark)]
