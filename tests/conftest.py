"""One real Kafka and one real ClickHouse for the whole test run, started when a test first asks for them."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support import randomness, short_lives
from tests.support.servers import ClickHouseServer, KafkaServer, start_clickhouse, start_kafka

# Machines are shared: the duration of an example says nothing about the code. Each run draws other examples, so that
# many short runs see as much as one long one.
settings.register_profile("short", deadline=None, max_examples=40)
settings.register_profile("long", deadline=None, max_examples=400)
settings.load_profile("short")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long forms of the tests under tests/chaos")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Each run has its own time zone and hash seed."""
    if config.getoption("--long"):
        settings.load_profile("long")
    else:
        short_lives.make_short()
    wanted = randomness.environment_of(randomness.seed_of(os.environ))
    if config.getoption("numprocesses", None):
        os.environ.update(wanted)  # the workers start later and inherit them
    elif not randomness.runs_in(wanted):
        # The restarted process would inherit pytest's replacements of the standard streams.
        config.pluginmanager.getplugin("capturemanager").stop_global_capturing()
        randomness.restart_in(wanted)


def pytest_report_header() -> str:
    return _seed_and_zone()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int) -> None:
    """Repeats the seed below the failures."""
    if exitstatus:
        terminalreporter.write_line(f"run again with {_seed_and_zone()}")


def _seed_and_zone() -> str:
    names = (randomness.SEED, randomness.ZONE, randomness.HASH_SEED)
    return " ".join(f"{name}={os.environ[name]}" for name in names)


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether this is a long run (`make chaos`): all rounds that a promise names, not the few of `make test`."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def long_form(long: bool) -> None:
    """Of tests that `make chaos` runs and `make test` skips: half a minute each, beside a short form of the same."""
    if not long:
        pytest.skip("run by make chaos")


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    """A broker shared by all tests: use unique topic and group names, and leave it running."""
    server = start_kafka(tmp_path_factory.mktemp("kafka"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseServer]:
    """A server shared by all tests: use unique tables or a database, and leave it running."""
    server = start_clickhouse(tmp_path_factory.mktemp("clickhouse"))
    yield server
    server.stop()
