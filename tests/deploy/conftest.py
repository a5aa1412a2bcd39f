"""A broker of this folder's own: set-up steps own the names of all topics."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.gateways import Gateway, build_gateway
from tests.parts import start_kafka


@pytest.fixture
def bare_kafka(tmp_path: Path) -> Iterator[str]:
    """An address of a Kafka without any topic."""
    part = start_kafka(tmp_path / "kafka")
    yield part.bootstrap
    part.stop()


@pytest.fixture(scope="package")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway of the demo brand on a Kafka of its own; each test runs it."""
    directory = tmp_path_factory.mktemp("deploy")
    part = start_kafka(directory / "kafka")
    yield build_gateway(part.bootstrap, directory)
    part.stop()
