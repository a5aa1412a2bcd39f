"""One real Kafka and one real ClickHouse for the whole test run, started when a test first asks for them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests import randomness
from tests.parts import ClickHousePart, KafkaPart, start_clickhouse, start_kafka

# Machines are shared: how long an example takes says nothing of the code.
settings.register_profile("footpath", deadline=None)
settings.load_profile("footpath")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long forms of the tests under tests/fire")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Every run has a time zone and a hash seed of its own."""
    wanted = randomness.surroundings(randomness.seed_of(os.environ))
    if config.getoption("numprocesses", None):
        os.environ.update(wanted)  # the workers are yet to start
    elif not randomness.stands_in(wanted):
        # What pytest has put in place of the standard streams would stay there.
        config.pluginmanager.getplugin("capturemanager").stop_global_capturing()
        randomness.start_again_in(wanted)


def pytest_report_header() -> str:
    return _surroundings()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Said again where a failure is read."""
    if exitstatus:
        terminalreporter.write_line(f"run again with {_surroundings()}")


def _surroundings() -> str:
    names = (randomness.SEED, randomness.ZONE, randomness.HASH_SEED)
    return " ".join(f"{name}={os.environ[name]}" for name in names)


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether this is a long run: as many rounds as the promises name, instead of as many as a change can wait for."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaPart]:
    """A broker shared by all tests: take topic and group names of your own, and leave it running."""
    part = start_kafka(tmp_path_factory.mktemp("kafka"))
    yield part
    part.stop()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHousePart]:
    """A server shared by all tests: take tables or a database of your own, and leave it running."""
    part = start_clickhouse(tmp_path_factory.mktemp("clickhouse"))
    yield part
    part.stop()
