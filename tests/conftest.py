"""What every test may use: the data shelf, where it is present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run: a test that fails by chance helps nobody. `pytest --hypothesis-profile=wide` looks further.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("wide", max_examples=1_000, deadline=None)
settings.load_profile("fixed")

SHELF = Path(os.environ.get("KEII_SHELF", Path(__file__).resolve().parents[2] / "shared" / "data"))


@pytest.fixture(scope="session")
def shelf() -> Path:
    """Return the folder of real evidence, or skip."""
    if not (SHELF / "README.md").is_file():
        pytest.skip(f"no data shelf at {SHELF} (set KEII_SHELF)")
    return SHELF


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that asks for the shelf."""
    for item in items:
        if "shelf" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shelf)
