"""The counts of chips, on a real Kafka: what one gateway saw the others know, and the next one after a restart."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deploy.operate.tag_key_file import create_tag_key
from schemas.brand.model import Tag
from schemas.events import TouchpointRecorded
from schemas.topics import TOUCHPOINT_RECORDED
from schemas.trust.keys import TagKeys
from tests.gateway.trust.test_forged_tags import tap_query
from tests.support.gateway_process import GatewayClient, GatewayProcess, fake_stream, read_events
from tests.support.lone_phone import BROWSER

CHIP = Tag(id="chip-1", placement="poster", security="ntag424")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    create_tag_key(tmp_path / "tag.keys")
    return tmp_path / "tag.keys"


@asynccontextmanager
async def running(bootstrap: str, directory: Path, keys: Path) -> AsyncIterator[GatewayProcess]:
    process = GatewayProcess(bootstrap, directory)
    process.environ["FOOTPATH_TAG_KEY_FILE"] = str(keys)
    await process.start_with_stream(bootstrap)
    try:
        yield process
    finally:
        process.close()


async def test_a_copy_is_recognised_everywhere_and_after_a_restart(bootstrap: str, tmp_path: Path, keys: Path) -> None:
    key = TagKeys(keys).signing
    assert key is not None
    queries = [tap_query(key, counter, tag=CHIP, brand="corner") for counter in (1, 2, 3)]

    async def tapped(process: GatewayProcess, query: str) -> tuple[str, ...]:
        async with GatewayClient(process, **{"User-Agent": BROWSER}) as phone:
            response = await phone.scan(f"{CHIP.id}?{query}")
        id = response.headers["Footpath-Event"]
        (scan,) = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == id, 1)
        assert isinstance(scan, TouchpointRecorded)
        return scan.trust_reasons

    async with fake_stream(bootstrap):
        async with running(bootstrap, tmp_path / "a", keys) as one, running(bootstrap, tmp_path / "b", keys) as other:
            assert await tapped(one, queries[1]) == ()
            assert await tapped(one, queries[1]) == ("counter_replayed",)
            await asyncio.sleep(0.5)  # the stated window between two gateways
            assert await tapped(other, queries[1]) == ("counter_replayed",)
            assert await tapped(other, queries[0]) == ("counter_replayed",)
        async with running(bootstrap, tmp_path / "c", keys) as next_one:
            assert await tapped(next_one, queries[1]) == ("counter_replayed",)
            assert await tapped(next_one, queries[2]) == ()
            async with GatewayClient(next_one) as forger:
                forged = queries[2][:-1] + ("1" if queries[2].endswith("0") else "0")
                assert (await forger.scan(f"{CHIP.id}?{forged}")).status == 410
                assert (await forger.scan(CHIP.id)).status == 410
