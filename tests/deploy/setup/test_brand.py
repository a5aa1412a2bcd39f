"""`footpath brand apply`: a version is live as a whole, applied once, and nowhere when it was cut off."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from deploy.operate.plan.plan import plan
from deploy.setup import SetupError, topics
from deploy.setup import brand as step
from schemas.brand.fold import BrandFold
from schemas.brand.load import load
from schemas.codec.avro import Codec
from schemas.topics import BRAND_CONFIGURED
from tests.support.brand_files import YAML, same, write
from tests.support.builders import MONDAY_TEN
from tests.support.command_line import footpath
from tests.support.hangs import HANG_S
from tests.support.servers import start_kafka

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
        async with asyncio.timeout(HANG_S):
            while BRAND_CONFIGURED.name in await admin.list_topics():
                await admin.delete_topics([BRAND_CONFIGURED.name])
                await asyncio.sleep(0.05)
    finally:
        await admin.close()


def live(kafka: str) -> BrandFold:
    """What a process that starts now would see."""
    return asyncio.run(step._read(kafka, Codec()))


def test_a_brand_goes_live_once_and_what_is_gone_is_withdrawn(kafka: str, tmp_path: Path) -> None:
    folder = write(tmp_path, TWO_TAGS)
    two = load(folder)
    assert step.apply(kafka, [folder], dry_run=True) == step.Applied("", two.version, 7)
    assert live(kafka).brand is None, "a dry run does nothing"

    assert step.apply(kafka, [folder]) == step.Applied("", two.version, 7)
    assert same(live(kafka).brand, two)
    assert step.apply(kafka, [folder]) == step.Applied(two.version, two.version)

    one = load(write(tmp_path, YAML))
    assert step.apply(kafka, [folder]) == step.Applied(two.version, one.version, 1, 1), "what changed is written"
    assert same(live(kafka).brand, one)
    assert "tag/door-1" not in live(kafka).held


def test_a_plan_is_what_apply_does_and_then_there_is_nothing_left(kafka: str, tmp_path: Path) -> None:
    nobody = {"FOOTPATH_CLICKHOUSE": "http://127.0.0.1:9"}
    settings = nobody | {"FOOTPATH_KAFKA": kafka, "FOOTPATH_DATA": str(tmp_path / "data")}
    folder = write(tmp_path)
    first = plan(step.live(kafka), load(folder), MONDAY_TEN, nobody)
    assert step.apply(kafka, [folder]) == step.Applied("", first.after, len(first.changes))
    write(tmp_path, YAML.replace("priority: 10", "priority: 11").replace("id: shelf-1", "id: shelf-2"))
    answer = footpath("brand", "plan", str(folder), "--detailed-exitcode", "--json", **settings)
    assert answer.returncode == 2, answer.stderr
    found = json.loads(answer.stdout)
    assert [(one["section"], one["id"], one["change"]) for one in found["changes"]] == [
        ("tags", "shelf-1", "removed"), ("tags", "shelf-2", "added"), ("routes", "buy", "changed"),
    ]  # fmt: skip
    assert found["consequences"] is None and "ClickHouse does not answer" in found["uncounted"]
    assert step.apply(kafka, [folder]) == step.Applied(found["before"], found["after"], 3, 1), "3 with the brand itself"
    live = step.live(kafka)
    assert live is not None and not plan(live, load(folder), MONDAY_TEN, nobody).changes_something
    write(tmp_path, YAML.replace("moment: buy", "moment: bye"))
    assert footpath("brand", "plan", str(folder), "--detailed-exitcode", **settings).returncode == 1


def test_what_is_to_be_checked_again_follows_from_what_the_brand_says_of_identity(kafka: str, tmp_path: Path) -> None:
    says = "consent: [{id: identity%s}]\n"
    seen = []
    for section in ("", says % "", says % ", gpc: [DE]", says % ", gpc: [DE, FR]", says % ", default: opt_in"):
        applied = step.apply(kafka, [write(tmp_path, YAML + section)])
        seen.append((applied.guards_changed, applied.gpc_changed))
    assert seen == [(False, False), (True, False), (True, True), (True, False), (True, True)]


def test_check_dry_run_and_apply_show_one_version_on_every_stack(kafka: str, tmp_path: Path) -> None:
    folder, keys = write(tmp_path), tmp_path / "keys-of-the-stack"
    version = step.check([folder]).version
    for digit in "01":
        hashed = "sha256:" + digit * 64
        keys.write_text(f"api_keys: [{{id: stack, hash: '{hashed}', scopes: ['events:till']}}]")
        assert step.check([folder], [keys]).version == version
        assert step.apply(kafka, [folder], dry_run=True, keys=[keys]).after == version
        assert step.apply(kafka, [folder], keys=[keys]).after == version
        brand = live(kafka).brand
        assert brand is not None and [key.hash for key in brand.api_keys] == [hashed], (
            "and the key is live all the same"
        )


def killed_after(sends: int, kafka: str, folder: Path) -> None:
    """Applies the folder's brand in a process that is killed before it writes one item more than these."""
    send, left = AIOKafkaProducer.send, iter(range(sends))

    async def send_or_die(self: AIOKafkaProducer, *args: Any, **options: Any) -> Any:
        if next(left, None) is None:
            await self.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return await send(self, *args, **options)

    AIOKafkaProducer.send = send_or_die
    step.apply(kafka, [folder])


@pytest.mark.parametrize("sends", [1, 4])
def test_an_apply_that_was_killed_leaves_the_last_whole_version_and_the_next_one_is_whole(
    kafka: str, tmp_path: Path, sends: int
) -> None:
    folder = write(tmp_path, YAML)
    old = load(folder)
    step.apply(kafka, [folder])
    write(tmp_path, TWO_TAGS.replace("name: ", "name: New ").replace("priority: 10", "priority: 11"))
    child = get_context("spawn").Process(target=killed_after, args=(sends, kafka, folder))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL
    assert same(live(kafka).brand, old), "whoever starts now serves the last whole version, at once"

    assert step.apply(kafka, [folder]).before == old.version
    assert same(live(kafka).brand, load(folder))
    assert not step.apply(kafka, [folder]).written, "the replay twin changes nothing"


def test_an_item_that_is_too_large_is_named_and_nothing_is_written(kafka: str, tmp_path: Path) -> None:
    folder = write(tmp_path, YAML)
    old = load(folder)
    step.apply(kafka, [folder])
    large = msgspec.structs.replace(old.routes[0].action, text="word " * 500_000)
    route = msgspec.structs.replace(old.routes[0], action=large)
    with pytest.raises(SetupError, match=r"route buy has 2500\d+ bytes"):
        step.publish(kafka, msgspec.structs.replace(old, version="2", routes=(route,)))
    assert same(live(kafka).brand, old)


def test_a_broken_brand_is_never_published(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"brand.yaml:\d+:\d+: brand.currency: expected"):
        step.apply("127.0.0.1:1", [write(tmp_path, YAML.replace("currency: EUR", "currency: 7"))])


def test_what_is_missing_is_named(broker: str, tmp_path: Path) -> None:
    asyncio.run(forget_brands(broker))
    with pytest.raises(SetupError, match="footpath topics apply"):
        step.apply(broker, [write(tmp_path)])
    with pytest.raises(SetupError, match="FOOTPATH_KAFKA"):
        step.apply("127.0.0.1:1", [tmp_path])
