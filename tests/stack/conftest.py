"""One whole system for the tests that leave it running."""

from collections.abc import Iterator

import pytest

from tests.support.full_stack import FullStack


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullStack]:
    stack = FullStack(tmp_path_factory.mktemp("whole") / "data")
    stack.start()
    yield stack
    assert stack.stop() == 0
    assert stack.run == {}, "run.json outlived the system"
