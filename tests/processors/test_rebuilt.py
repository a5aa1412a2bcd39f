"""States come back from their topics, on real Kafka: a changelog that lies, one that is gone, a disk that is older."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from deploy.errors import Refused
from deploy.replaying.state import Replayed, replay
from deploy.setup.topics import apply
from processors.rewards.state import Account
from processors.shell.kept import Active, KeptCodec
from processors.shell.recent import PAGE
from processors.shell.store import RocksStore
from processors.worker import PROCESSORS
from schemas.addressed import HEADER
from schemas.ids import partition_of
from schemas.topics import PARTITIONS, SCAN_ROUTED, TOUCHPOINT_RECORDED, changelog
from tests.parts import KafkaPart, start_kafka
from tests.processors.street import CODEC, Street, until
from tests.processors.walkers import Walkers, expected

ALL = ("identity", "context", "rewards")
pytestmark = pytest.mark.timeout(110)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaPart]:
    """What others left on theirs is a lot to go through, and where it has hubs, whom they met first is a matter of
    luck."""
    part = start_kafka(tmp_path_factory.mktemp("rebuilt-kafka"))
    apply(part.bootstrap)
    yield part
    part.stop()


async def rebuilt(street: Street, folder: Path, name: str = "rewards", write: bool = False) -> Replayed:
    shutil.rmtree(folder, ignore_errors=True)
    return await replay(PROCESSORS[name], street.kafka, CODEC, folder, write)


async def test_a_changelog_that_lies_or_is_gone_comes_back_from_the_sources(street: Street, tmp_path: Path) -> None:
    """One account has lost everything, and there is one of somebody whom nobody ever saw: a look tells who, and a mend,
    which waits until no worker runs, puts it right. Then the topic is deleted and made anew, and the worker's disk lies
    at a position that the new one does not even have: the rebuilt state counts. Once more, nothing differs."""
    walkers, folder = Walkers("lies", people=40), tmp_path / "replay"
    events = walkers.walk(400)
    street.start(*ALL)
    await street.send(events)
    await street.quiet(*ALL)
    with pytest.raises(Refused, match="stop them first"):
        await rebuilt(street, folder, write=True)
    looks = {name: await rebuilt(street, folder, name) for name in ALL}
    assert [(n, one) for n, look in looks.items() for one in look.partitions if not (one.equal and one.keys)] == []
    street.stop("-".join(ALL))

    _, due = expected(events)
    victim, other = sorted(due, key=due.__getitem__)[-2:]
    nothing = KeptCodec(Account).encode(Active(Account()))
    for key, row in ((victim, nothing), ("nobody", (await _rows(street))[other])):
        await street.producer.send_and_wait(
            changelog("rewards"), row, key.encode(), partition=partition_of(key, PARTITIONS)
        )
    found = (await rebuilt(street, folder)).partitions
    assert sum(partition.differing for partition in found) == 2
    assert {key for partition in found for key in partition.examples} == {victim, "nobody"}
    await rebuilt(street, folder, write=True)
    assert all(partition.equal for partition in (await rebuilt(street, folder)).partitions)

    await _empty(street, changelog("rewards"))
    assert not await street.states("rewards")
    disk = RocksStore(street.data / "workers" / "-".join(ALL) / "rewards" / str(partition_of(other, PARTITIONS)))
    disk.write([(other.encode(), nothing)], disk.position + 1_000)
    disk.close()
    await rebuilt(street, folder, write=True)
    await _empty(street, changelog("identity"))
    await rebuilt(street, folder, "identity", write=True)
    records = await street.read(changelog("identity"), committed=True)
    assert any(record.key.startswith(PAGE) for record in records), "who is sent once more would come through twice"
    more = walkers.walk(200)
    street.start(*ALL)
    await street.send([*events[:20], *more])
    await street.quiet(*ALL)
    _, due = expected([*events, *more])
    states = await street.states("rewards")
    assert {key: states[key].balance for key in due} == due
    street.stop("-".join(ALL))
    assert all(partition.equal for partition in (await rebuilt(street, folder)).partitions)


async def test_a_record_for_one_stage_is_passed_over_by_others(street: Street) -> None:
    """Published once more for context, a touchpoint is no work for identity; for identity it is."""
    walkers = Walkers("addressed", people=2)
    (event,) = walkers.walk(1)
    street.start("identity", "context")
    topic, key, value, headers = CODEC.record(event)
    for stage in ("context", "identity"):
        before = await street.count(SCAN_ROUTED)
        await street.producer.send_and_wait(
            topic.name, value, key, partition_of(key.decode(), PARTITIONS), headers=[*headers, (HEADER, stage.encode())]
        )
        await street.quiet("identity", "context")
        assert await street.count(SCAN_ROUTED) - before == (stage == "identity")
    assert topic is TOUCHPOINT_RECORDED


async def _rows(street: Street) -> dict[str, bytes]:
    """The changelog's last word on each account."""
    return {record.key.decode(): record.value for record in await street.read(changelog("rewards"), committed=True)}


async def _empty(street: Street, topic: str) -> None:
    """Deletes a topic and makes it anew."""
    admin = AIOKafkaAdminClient(bootstrap_servers=street.kafka)
    await admin.start()
    try:
        await admin.delete_topics([topic])

        async def is_made() -> bool:
            new = NewTopic(topic, PARTITIONS, 1, topic_configs={"cleanup.policy": "compact"})
            return (await admin.create_topics([new])).topic_errors[0][1] == 0

        await until(is_made, 20, f"{topic} to be made anew")

        async def answers() -> bool:
            try:
                return sum((await street.ends(topic)).values()) == 0
            except UnknownTopicOrPartitionError:
                return False

        await until(answers, 20, f"{topic} to answer")
    finally:
        await admin.close()
