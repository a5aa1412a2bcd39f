"""The gateway's clock against Kafka's: days ahead or behind it is not believed, and events go on."""

import signal
import time
from pathlib import Path

import pytest

from gateway.publish import clock as module
from gateway.publish.clock import Clock
from schemas.topics import TOUCHPOINT_RECEIVED, TOUCHPOINT_RECORDED
from tests.support.gateway_process import GatewayClient, GatewayProcess, fake_stream, page_view, read_events, wait_until
from tests.support.randomness import unique_word
from tests.support.servers import KafkaServer
from tests.support.topic_settings import alter

DAY_S = 86_400
HOUR_US = 3_600_000_000
AHEAD = "footpath_gateway_clock_ahead_seconds"


class Machine:
    """The machine's clocks in seconds, as a test sets them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.monotonic = 1_700_000_000.0, 100.0
        monkeypatch.setattr(module.time, "time_ns", lambda: round(self.wall * 1e9))
        monkeypatch.setattr(module.time, "monotonic", lambda: self.monotonic)

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


@pytest.mark.parametrize("days", [3, -3])
def test_a_clock_that_is_days_off_is_not_believed_until_it_agrees_again(
    days: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine, clock = Machine(monkeypatch), Clock()
    true = machine.wall
    machine.wall += days * DAY_S
    assert clock.now_us() == round(machine.wall * 1e6), "nothing is known of Kafka's clock yet"
    clock.observe(round(true * 1000))
    assert clock.implausible and clock.ahead_s == pytest.approx(days * DAY_S)
    machine.passes(10)
    assert clock.now_us() == pytest.approx((true + 10) * 1e6)
    machine.wall -= days * DAY_S  # it asked for the time: what was observed does not make the right clock wrong
    assert clock.now_us() == pytest.approx((true + 10) * 1e6)
    clock.observe(round(machine.wall * 1000))
    assert not clock.implausible and clock.now_us() == round(machine.wall * 1e6)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_clock_that_drifts_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    machine, clock = Machine(monkeypatch), Clock()
    clock.observe(round((machine.wall - 59) * 1000))
    assert not clock.implausible and clock.now_us() == round(machine.wall * 1e6)


def shifted(bootstrap: str, directory: Path, days: int) -> GatewayProcess:
    process = GatewayProcess(bootstrap, directory)
    process.program = ["-m", "tests.support.shifted_clock", str(days), "gateway.serve"]
    return process


@pytest.mark.parametrize("days", [3, -3])
async def test_a_gateway_that_booted_before_it_asked_for_the_time_serves_all_the_same(
    bootstrap: str, tmp_path: Path, days: int
) -> None:
    process = await shifted(bootstrap, tmp_path / "gateway", days).start_with_stream(bootstrap)
    try:
        async with GatewayClient(process) as client, fake_stream(bootstrap):
            scans = [await client.scan(f"shelf-1?ref={number}") for number in range(3)]
            assert [scan.headers["Footpath-Outcome"] for scan in scans] == ["routed"] * 3
            assert abs(await client.metric(AHEAD) - days * DAY_S) < 0.5 * DAY_S
            assert await client.drained()
            assert "clock" in str(await (await client.request("GET", "/health/ready")).json())
            assert "clock is not believed" in process.log.read_text()
            own_id = f"skew{days}-{unique_word()}"
            assert await client.results(page_view(event_id=own_id)) == [("accepted", "")]
            process.signal(signal.SIGUSR1)

            async def agrees() -> bool:
                await client.scan(f"shelf-1?ref={unique_word()}")
                return abs(await client.metric(AHEAD)) < 60

            await wait_until(agrees)
            assert "agrees with Kafka's again" in process.log.read_text()
        ids = {scan.headers["Footpath-Event"] for scan in scans}
        found = await read_events(bootstrap, TOUCHPOINT_RECORDED, lambda e: e.event_id in ids, 3)
        now_us = time.time_ns() // 1000
        assert {one.event_id for one in found} == ids
        assert all(abs(one.received_at - now_us) < HOUR_US for one in found), "events have Kafka's time"
        (sent,) = await read_events(bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id.endswith(own_id), 1)
        assert abs(sent.received_at - now_us) < HOUR_US
    finally:
        process.close()


async def test_where_a_topic_has_the_times_of_its_writers_a_clock_ahead_keeps_it_apart_until_it_is_right(
    own_kafka: KafkaServer, tmp_path: Path
) -> None:
    """A Kafka on which `topics apply` of this release has not run. Replayed after a restart with the right clock."""
    await alter(own_kafka.bootstrap, TOUCHPOINT_RECEIVED, {"message.timestamp.type": "CreateTime"})
    process = await shifted(own_kafka.bootstrap, tmp_path / "gateway", 3).start()
    ids = [f"ahead-{unique_word()}" for _ in range(3)]
    async with GatewayClient(process) as client:

        async def has_brand() -> bool:
            return (await client.send()).status != 503

        await wait_until(has_brand)
        for one in ids:
            assert await client.results(page_view(event_id=one)) == [("accepted", "")]

        async def is_apart() -> bool:
            return await client.metric('footpath_gateway_apart_bytes{topic="footpath.touchpoint-received.v1"}') > 0

        await wait_until(is_apart)
        assert "InvalidTimestampError" in process.log.read_text()
    assert process.stop() == 0
    process.program = ["-m", "gateway.serve"]
    await process.start()
    async with GatewayClient(process) as client:
        await wait_until(client.drained)
    wanted = {f"till/{one}" for one in ids}
    found = await read_events(own_kafka.bootstrap, TOUCHPOINT_RECEIVED, lambda e: e.event_id in wanted, 3)
    assert {one.event_id for one in found} == wanted and len(found) == 3
    process.close()
