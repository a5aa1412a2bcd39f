"""Kafka goes away and comes back: nothing acknowledged is lost, order is kept, and it heals by itself."""

import asyncio
import os
import signal
from pathlib import Path

from schemas.topics import SCAN_MISSED, TOUCHPOINT_RECORDED
from tests.gateway.street import GatewayProcess, Phone, page_view, read_back, until
from tests.parts import KafkaPart
from tests.randomness import unique_word

SPOOL_BYTES = "footpath_gateway_spool_bytes"
HELLO = "https://corner.example/hello"


async def test_what_was_acknowledged_while_kafka_was_away_is_there_once_it_is_back(
    own_kafka: KafkaPart, tmp_path: Path
) -> None:
    process = await GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway").start_with_stream(own_kafka.bootstrap)
    acknowledged: list[str] = []
    going_on = True

    async def till(phone: Phone, name: str) -> None:
        number = 0
        while going_on:
            events = [page_view(person=name, event_id=f"{name}.{number + n}") for n in range(20)]
            if (await phone.send(*events)).status == 202:
                acknowledged.extend(event["event_id"] for event in events)
                number += 20

    async def more(count: int) -> None:
        wanted = len(acknowledged) + count

        async def enough() -> bool:
            return len(acknowledged) >= wanted

        await until(enough)

    async with Phone(process) as phone:
        tills = [asyncio.create_task(till(phone, name)) for name in ("ann", "bob")]
        await more(200)
        own_kafka.kill()
        await more(2000)
        scan = await phone.scan("shelf-1")
        assert (scan.status, scan.headers["Location"]) == (302, HELLO)
        assert scan.headers["Footpath-Outcome"] == "fallback"
        ready = await phone.ask("GET", "/health/ready")
        assert ready.status == 503 and "kafka" in " ".join((await ready.json())["missing"])
        assert await phone.metric(SPOOL_BYTES) > 0
        await asyncio.to_thread(own_kafka.start)
        await more(200)
        await until(phone.drained)
        await more(200)
        going_on = False
        await asyncio.gather(*tills)
        await until(phone.drained)
        event_id = scan.headers["Footpath-Event"]
        (recorded,) = await read_back(own_kafka.bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id == event_id, 1)
        assert recorded.reply_partition is None
        (missed,) = await read_back(own_kafka.bootstrap, SCAN_MISSED, lambda e: e.scan_event_id == event_id, 1)
        assert (missed.reason, missed.destination) == ("unavailable", HELLO)
    assert process.stop() == 0
    last = {acknowledged[-1]}
    found = await everything_until(own_kafka.bootstrap, len(set(acknowledged)))
    assert last <= set(found) and set(acknowledged) <= set(found)
    for name in ("ann", "bob"):
        first_seen = list(dict.fromkeys(one for one in found if one.startswith(name)))
        assert first_seen == sorted(first_seen, key=lambda one: int(one.split(".")[1]))


async def everything_until(bootstrap: str, count: int) -> list[str]:
    """Ids of all page views in topic order, until so many different ones have been seen."""
    seen: set[str] = set()
    found: list[str] = []

    def note(event: object) -> bool:
        if event.type != "page_view":  # type: ignore[attr-defined]
            return False
        found.append(event.event_id)  # type: ignore[attr-defined]
        fresh = event.event_id not in seen  # type: ignore[attr-defined]
        seen.add(event.event_id)  # type: ignore[attr-defined]
        return fresh

    await read_back(bootstrap, TOUCHPOINT_RECORDED, note, count)
    return found


async def test_a_gateway_that_is_killed_while_kafka_is_away_still_has_what_it_acknowledged(
    own_kafka: KafkaPart, tmp_path: Path
) -> None:
    process = await GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway").start_with_stream(own_kafka.bootstrap)
    own_kafka.kill()
    ids = [unique_word() + "-k" for _ in range(6)]
    async with Phone(process) as phone:
        assert await phone.verdicts(*(page_view(event_id=one) for one in ids[:2])) == [("accepted", "")] * 2
    process.kill()
    await process.start()  # knows its brand and its keys from its own disk
    async with Phone(process) as phone:
        assert await phone.verdicts(*(page_view(event_id=one) for one in ids[2:4])) == [("accepted", "")] * 2
        assert (await phone.scan("bottle.7")).headers["Location"] == "https://corner.example/tea"
    assert process.stop() == 0
    await asyncio.to_thread(own_kafka.start)
    await process.start()
    async with Phone(process) as phone:
        assert await phone.verdicts(*(page_view(event_id=one) for one in ids[4:])) == [("accepted", "")] * 2
        await until(phone.drained)
    found = await read_back(own_kafka.bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id in ids, 6)
    assert [one.event_id for one in found] == ids
    process.end()


async def test_a_full_spool_is_said_and_phones_are_still_answered(own_kafka: KafkaPart, tmp_path: Path) -> None:
    process = GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway", spool_mb="1")
    await process.start_with_stream(own_kafka.bootstrap)
    own_kafka.kill()
    batch = [page_view(properties={"text": "x" * 1000}) for _ in range(200)]
    async with Phone(process) as phone:
        answers = [await phone.send(*batch) for _ in range(8)]
        assert answers[0].status == 202 and answers[-1].status == 503
        assert int(answers[-1].headers["Retry-After"]) >= 1 and "spool" in (await answers[-1].json())["error"]
        while "Footpath-Event" in (scan := await phone.scan("shelf-1")).headers:
            pass  # a scan is small: a few still fit
        assert (scan.status, scan.headers["Location"]) == (302, HELLO)
        assert scan.headers["Footpath-Outcome"] == "fallback"
        assert await phone.metric('footpath_gateway_scans_total{outcome="unrecorded"}') == 1
        await asyncio.to_thread(own_kafka.start)
        await until(phone.drained)
        assert (await phone.send(*batch)).status == 202
    process.end()


async def test_a_frozen_kafka_is_waited_for_only_as_long_as_set(own_kafka: KafkaPart, tmp_path: Path) -> None:
    process = await GatewayProcess(own_kafka.bootstrap, tmp_path / "gateway").start_with_stream(own_kafka.bootstrap)
    try:
        async with Phone(process) as phone:
            os.kill(own_kafka.pid, signal.SIGSTOP)
            try:
                async with asyncio.timeout(3):  # twice the time that Kafka is given, once
                    assert await phone.verdicts(page_view(event_id="frozen-1")) == [("accepted", "")]
                    assert await phone.verdicts(page_view(event_id="frozen-2")) == [("accepted", "")]
            finally:
                os.kill(own_kafka.pid, signal.SIGCONT)
            await until(phone.drained)
            wanted = {"frozen-1", "frozen-2"}
            found = await read_back(own_kafka.bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id in wanted, 2)
            assert {one.event_id for one in found} <= wanted
    finally:
        process.end()
