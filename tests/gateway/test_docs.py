"""The reference of the machine door names every address and every error that there is."""

import inspect
import re
from pathlib import Path

import pytest

from onevoice.domain.errors import OnevoiceError
from onevoice.gateway import keyring, refusals
from onevoice.gateway.api import audiences, desk, endpoint, people
from tests.gateway.house import House, client

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
#: Roots of the hierarchy, never raised by themselves, and what no client ever reads.
UNSAID = {"bad_input", "not_found", "not_allowed", "unavailable", "onevoice_error", "unexpected"}


@pytest.mark.parametrize("module", [refusals, keyring, audiences, desk, endpoint, people])
def test_every_error_is_listed(module: object) -> None:
    """Each code that the gateway can answer stands in the table of errors."""
    kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, OnevoiceError)]
    codes = {kind().code for kind in kinds} - UNSAID

    assert [] == sorted(code for code in codes if f"`{code}`" not in TEXT)


def test_every_address_is_listed(shared_house: House) -> None:
    """Each path of the OpenAPI document stands in the table of addresses."""
    with client(shared_house) as http:
        paths = list(http.get("/api/openapi.json").json()["paths"])

    written = re.sub(r"\?[^`]*", "", TEXT)
    short = [
        path if path not in {"/api/v1/people/not-same", "/api/v1/people/withdraw"} else path[14:] for path in paths
    ]
    assert [] == [path for path in short if f"{path}`" not in written]
