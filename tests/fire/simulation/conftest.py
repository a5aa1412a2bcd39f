"""Seeds come in chunks, so that processes can share them and each test is over soon."""

import pytest

from tests.fire.simulation.seeds import LONG_CHUNKS, SHORT_CHUNKS


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "chunk" in metafunc.fixturenames:
        long = metafunc.config.getoption("--long")
        metafunc.parametrize("chunk", range(LONG_CHUNKS if long else SHORT_CHUNKS))
