"""Brokers of this folder: set-up steps need a Kafka of their own, because they create all topics."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.demo_gateway import DemoGateway, build_gateway
from tests.support.servers import start_kafka


@pytest.fixture
def bare_kafka(tmp_path: Path) -> Iterator[str]:
    """The address of a Kafka without topics."""
    server = start_kafka(tmp_path / "kafka")
    yield server.bootstrap
    server.stop()


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoGateway]:
    """A gateway of the demo brand on its own Kafka; each test starts it."""
    directory = tmp_path_factory.mktemp("deploy")
    server = start_kafka(directory / "kafka")
    yield build_gateway(server.bootstrap, directory)
    server.stop()
