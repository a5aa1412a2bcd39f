"""Seeds are split into chunks, one test each, so that test processes can share them."""

import pytest

from tests.chaos.simulation.seeds import LONG_CHUNKS, SHORT_CHUNKS

TIMEOUT_S = 1200
"""Against hangs: ten times what the longest test takes on a machine of two cores of which one is busy."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chunk" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        metafunc.parametrize("chunk", range(LONG_CHUNKS if long else SHORT_CHUNKS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if __package__ in item.nodeid.replace("/", ".") and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(TIMEOUT_S))
