"""`footpath brand apply`: a version is live as a whole, applied once, and finished when it was cut off."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.setup import SetupError, topics
from deploy.setup import brand as step
from schemas.brand.items import BrandFold, events_of
from schemas.brand.load import load
from schemas.codec import Codec
from schemas.topics import BRAND_CONFIGURED
from tests.parts import start_kafka
from tests.schemas.brands import YAML, same, write

TWO_TAGS = YAML.replace("tags:\n", "tags:\n  - {id: door-1, placement: door, store: mitte}\n")


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    part = start_kafka(tmp_path_factory.mktemp("kafka"))
    yield part.bootstrap
    part.stop()


@pytest.fixture
def kafka(broker: str) -> str:
    """A Kafka on which no brand was ever live."""
    asyncio.run(forget_brands(broker))
    topics.apply(broker)
    return broker


async def forget_brands(kafka: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        async with asyncio.timeout(20):
            while BRAND_CONFIGURED.name in await admin.list_topics():
                await admin.delete_topics([BRAND_CONFIGURED.name])
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


def live(kafka: str) -> BrandFold:
    """What a process that starts now would see."""
    return asyncio.run(step._read(kafka, Codec()))


def test_a_brand_goes_live_once_and_what_is_gone_is_withdrawn(kafka: str, tmp_path: Path) -> None:
    place = write(tmp_path, TWO_TAGS)
    two = load(place)
    assert step.apply(kafka, [place], dry_run=True) == step.Applied("", two.version, 7)
    assert live(kafka).brand is None, "a dry run does nothing"

    assert step.apply(kafka, [place]) == step.Applied("", two.version, 7)
    assert same(live(kafka).brand, two)
    assert step.apply(kafka, [place]) == step.Applied(two.version, two.version)

    one = load(write(tmp_path, YAML))
    assert step.apply(kafka, [place]) == step.Applied(two.version, one.version, 6, 1)
    assert same(live(kafka).brand, one)
    assert "tag/door-1" not in live(kafka).versions


@pytest.mark.parametrize("stages", [1, 2])
def test_an_apply_that_was_cut_off_leaves_a_whole_version_and_is_finished_next_time(
    kafka: str, tmp_path: Path, stages: int
) -> None:
    place = write(tmp_path, TWO_TAGS)
    old = load(place)
    step.apply(kafka, [place])
    new = load(write(tmp_path, YAML))
    for events in list(step._stages(list(events_of(new, 1, live(kafka).versions))))[:stages]:
        asyncio.run(step._publish(kafka, Codec(), events))
    if stages == 2:
        assert same(live(kafka).brand, new)
    else:
        assert live(kafka).brand is None or same(live(kafka).brand, old)

    applied = step.apply(kafka, [place])
    assert (applied.after, applied.withdrawn) == (new.version, 1)
    assert same(live(kafka).brand, new)
    assert not step.apply(kafka, [place]).written


def test_a_broken_brand_is_never_published(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"brand.yaml:\d+:\d+: brand.currency: expected"):
        step.apply("127.0.0.1:1", [write(tmp_path, YAML.replace("currency: EUR", "currency: 7"))])


def test_what_is_missing_is_named(broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "READ_TIMEOUT_S", 1)
    asyncio.run(forget_brands(broker))
    with pytest.raises(SetupError, match="footpath topics apply"):
        step.apply(broker, [write(tmp_path)])
    with pytest.raises(SetupError, match="FOOTPATH_KAFKA"):
        step.apply("127.0.0.1:1", [tmp_path])
