"""An engine of either kind."""

import pytest

from onevoice.adapters.engine import open_engine
from tests.engines import ENGINES


@pytest.fixture(params=ENGINES, scope="module")
def engine(request):
    """Yield an engine, once DuckDB and once Spark."""
    session = request.getfixturevalue("spark") if request.param == "spark" else None
    made = open_engine(request.param, memory="500MB", session=session)
    yield made
    made.close()
