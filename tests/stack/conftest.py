"""One whole system for the tests that leave it running."""

from collections.abc import Iterator

import pytest

from tests.stack.whole import Street


@pytest.fixture(scope="package")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    street = Street(tmp_path_factory.mktemp("whole") / "data")
    street.start()
    yield street
    assert street.stop() == 0
    assert street.run == {}, "run.json outlived the system"
