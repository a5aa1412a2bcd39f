"""`footpath brand apply` goes on when Kafka has forgotten its producer while it read what is live."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.setup import brand as step
from schemas.brand.fold import BrandFold
from schemas.codec.avro import Codec
from tests.support.brand_files import YAML, write
from tests.support.forgetful_kafka import start_forgetful_kafka, wait_until_forgotten
from tests.support.servers import KafkaServer
from tests.support.stream_cluster import until


@pytest.fixture
def forgetful(tmp_path: Path) -> Iterator[KafkaServer]:
    server = start_forgetful_kafka(tmp_path / "kafka")
    yield server
    server.stop()


async def test_a_version_is_live_whose_writer_was_forgotten(
    forgetful: KafkaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, reads = step._read, 0

    async def read_slowly(kafka: Any, codec: Codec) -> BrandFold:
        nonlocal reads
        fold = await read(kafka, codec)
        reads += 1
        if reads == 1:
            await wait_until_forgotten(forgetful.bootstrap, step.TRANSACTIONAL_ID, 1)
        return fold

    monkeypatch.setattr(step, "_read", read_slowly)
    (folder := tmp_path / "brand").mkdir()
    brand, codec = step.check([write(folder, YAML)]), Codec()
    applied = await step._apply(forgetful.bootstrap, brand, codec)
    assert reads == 2 and applied.written

    async def is_live() -> bool:  # a commit is answered before its markers are written
        return (await read(forgetful.bootstrap, codec)).brand is not None

    await until(is_live, "the version to be live")
    again = await step._apply(forgetful.bootstrap, brand, codec)
    assert (again.before, again.written) == (brand.version, 0), "the replay twin finds it live"
