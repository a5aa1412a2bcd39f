"""A gateway with another identifier key would make strangers of everybody: it does not start, and sends nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.operate.replay.topic_reader import events_of
from deploy.setup import brand, topics
from schemas.codec.avro import Codec
from schemas.kafka.deployment import SETTING, fingerprint_of, read_stated
from schemas.topics import TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED
from tests.support.command_line import footpath
from tests.support.gateway_process import BRAND, IDENTIFIER_KEY, GatewayClient, GatewayProcess, page_view, wait_until
from tests.support.hangs import HANG_S
from tests.support.servers import KafkaServer, start_kafka

CODEC = Codec()
OTHER_KEY = bytes(reversed(range(32)))


@pytest.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[KafkaServer]:
    server = await asyncio.to_thread(start_kafka, tmp_path / "kafka")
    await asyncio.to_thread(topics.apply, server.bootstrap)
    await asyncio.to_thread(brand.apply, server.bootstrap, [BRAND])
    yield server
    await asyncio.to_thread(server.stop)


def gateway(kafka: KafkaServer, folder: Path, key: bytes) -> GatewayProcess:
    process = GatewayProcess(kafka.bootstrap, folder)
    Path(process.environ[SETTING]).write_text(key.hex())
    return process


async def ended(process: GatewayProcess) -> tuple[int, str]:
    code = await asyncio.to_thread(process.launch().wait, HANG_S)
    return code, process.log.read_text().splitlines()[-1]


async def count(kafka: KafkaServer) -> int:
    found = 0
    for topic in (TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED):
        async for _ in events_of(kafka.bootstrap, CODEC, topic):
            found += 1
    return found


async def test_the_first_gateway_states_the_key_and_another_key_is_refused_until_it_is_accepted(
    own_kafka: KafkaServer, tmp_path: Path
) -> None:
    first = await gateway(own_kafka, tmp_path / "first", IDENTIFIER_KEY).start()
    try:
        async with GatewayClient(first) as client:
            await wait_until(client.drained)
            stated = {SETTING: fingerprint_of(IDENTIFIER_KEY)}
            assert await read_stated(own_kafka.bootstrap, CODEC) == stated

            stranger = gateway(own_kafka, tmp_path / "other", OTHER_KEY)
            code, last = await ended(stranger)
            assert code == 1 and SETTING in last and fingerprint_of(OTHER_KEY) in last and OTHER_KEY.hex() not in last
            assert await read_stated(own_kafka.bootstrap, CODEC) == stated

            environment = {"FOOTPATH_KAFKA": own_kafka.bootstrap, SETTING: stranger.environ[SETTING]}
            assert footpath("deployment", "show", **environment).returncode == 2
            accepted = footpath("deployment", "accept-key", **environment)
            assert accepted.returncode == 0 and fingerprint_of(IDENTIFIER_KEY) in accepted.stdout, accepted.stderr
            assert footpath("deployment", "show", **environment).returncode == 0
            await stranger.start()
            stranger.close()
            assert await client.results(page_view()) == [("accepted", "")], "what runs already goes on"
    finally:
        first.close()
    assert (await ended(gateway(own_kafka, tmp_path / "first", IDENTIFIER_KEY)))[0] == 1, "the former key is refused"


async def test_gateways_that_start_at_once_agree_on_one_key(own_kafka: KafkaServer, tmp_path: Path) -> None:
    keys = [bytes([number]) * 32 for number in range(3)]
    processes = [gateway(own_kafka, tmp_path / str(number), key) for number, key in enumerate(keys)]
    launched = [process.launch() for process in processes]
    try:

        async def all_but_one_ended() -> bool:
            return sum(one.poll() is not None for one in launched) == len(keys) - 1

        await wait_until(all_but_one_ended)
        (winner,) = (key for key, one in zip(keys, launched, strict=True) if one.poll() is None)
        assert {one.poll() for one in launched} == {None, 1}
        assert await read_stated(own_kafka.bootstrap, CODEC) == {SETTING: fingerprint_of(winner)}
    finally:
        for process in processes:
            process.close()


async def test_nothing_of_a_gateway_with_another_key_reaches_a_kafka_that_comes_later(
    own_kafka: KafkaServer, tmp_path: Path
) -> None:
    first = await gateway(own_kafka, tmp_path / "first", IDENTIFIER_KEY).start()
    stranger = gateway(own_kafka, tmp_path / "other", OTHER_KEY)
    try:
        async with GatewayClient(first) as client:
            await wait_until(client.drained)
        (stranger.spool).mkdir(parents=True)
        (stranger.spool / "brand.json").write_bytes((first.spool / "brand.json").read_bytes())
        first.close()
        before = await count(own_kafka)
        await asyncio.to_thread(own_kafka.kill)
        await stranger.start()
        async with GatewayClient(stranger) as client:
            assert await client.results(page_view()) == [("accepted", "")], "while Kafka is away nobody can know"
        await asyncio.to_thread(own_kafka.start)

        async def has_ended() -> bool:
            return stranger._process is not None and stranger._process.poll() == 1

        await wait_until(has_ended)
        assert await count(own_kafka) == before
    finally:
        first.close()
        stranger.close()


async def test_a_key_beside_the_deployments_own_is_accepted_and_the_old_one_alone_until_the_change_is_over(
    own_kafka: KafkaServer, tmp_path: Path
) -> None:
    old, new = fingerprint_of(IDENTIFIER_KEY), fingerprint_of(OTHER_KEY)
    both, file = gateway(own_kafka, tmp_path / "both", IDENTIFIER_KEY), tmp_path / "both" / "identifier.key"
    alone, changed = (
        gateway(own_kafka, tmp_path / "old", IDENTIFIER_KEY),
        gateway(own_kafka, tmp_path / "new", OTHER_KEY),
    )

    async def started(process: GatewayProcess) -> str:
        await process.start()
        try:
            async with GatewayClient(process) as client:
                await wait_until(client.drained)
                assert await client.results(page_view()) == [("accepted", "")]
        finally:
            process.close()
        return (await read_stated(own_kafka.bootstrap, CODEC))[SETTING]

    assert await started(alone) == old
    file.write_text(f"2027 {OTHER_KEY.hex()}\n{IDENTIFIER_KEY.hex()}\n")
    assert await started(both) == old, "recognised alone, the new key is none of the deployment's yet"
    assert (await ended(changed))[0] == 1
    file.write_text(f"{IDENTIFIER_KEY.hex()}\n2027 {OTHER_KEY.hex()}\n")
    for _ in range(2):  # the replay twin
        assert await started(both) == f"{old} {new}"
    assert await started(alone) == await started(changed) == f"{old} {new}"
    environment = {"FOOTPATH_KAFKA": own_kafka.bootstrap, SETTING: changed.environ[SETTING]}
    assert footpath("deployment", "accept-key", **environment).returncode == 0
    assert (await ended(alone))[0] == 1, "the change is over"
    assert await started(changed) == new
