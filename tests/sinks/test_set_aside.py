"""What one stage cannot use is set aside and the topics flow on; a command shows it, and brings it back once the cause
is mended. With a real broker, worker, sink and ClickHouse."""

import asyncio
from pathlib import Path

from schemas.events import TouchpointIdentified
from schemas.topics import TOUCHPOINT_IDENTIFIED
from tests.sinks.test_serve import eventually, sink
from tests.support.command_line import footpath
from tests.support.failing_workers import RAISES_ON_POISON
from tests.support.reject_keys import write_reject_keys
from tests.support.servers import KafkaServer
from tests.support.sink_events import touchpoint, uid
from tests.support.sink_store import Store
from tests.support.stream_cluster import StreamCluster, stream_cluster_on

TABLE = "footpath.touchpoint_identified"
POISON = 40
"""Number of the scan on which rewards raises, and of the one whose row the table refuses."""
UNSTORABLE = 41


def scan(number: int) -> TouchpointIdentified:
    tag = {POISON: "poison", UNSTORABLE: "unstorable"}.get(number, "shelf")
    return touchpoint(uid(f"scan {number}"), f"person {number}", "scan", "2026-03-01", tag=tag, product="Käse")


def test_a_record_that_raises_and_a_row_that_is_refused_are_set_aside_shown_and_brought_back(
    stream: KafkaServer, store: Store, tmp_path: Path
) -> None:
    environment = {
        "FOOTPATH_KAFKA": stream.bootstrap,
        "FOOTPATH_CLICKHOUSE": store.part.url,
        "FOOTPATH_DATA": str(tmp_path),
        "FOOTPATH_REJECT_KEY_FILE": write_reject_keys(tmp_path),
    }
    replay = ("replay", "rejected")
    store.client.command(f"ALTER TABLE {TABLE} ADD CONSTRAINT refusing CHECK tag != 'unstorable'")

    def rewarded() -> set[str]:
        return {id for (id,) in store.ask("SELECT source_event_id FROM reward_posted FINAL")}

    def identified() -> int:
        return int(store.one(f"SELECT count() FROM {TABLE} FINAL"))

    async def run(cluster: StreamCluster) -> None:
        cluster.start("rewards", main=RAISES_ON_POISON)
        await cluster.send(map(scan, range(80)))
        await cluster.send([scan(POISON), scan(UNSTORABLE)])  # again: the replay twin
        await cluster.quiet("rewards")
        await asyncio.to_thread(eventually, lambda: identified() == 79, "every row but the refused one")
        await asyncio.to_thread(eventually, lambda: len(rewarded()) == 79, "points for every scan but the poisoned one")
        waiting = "SELECT count() FROM event_rejected FINAL"
        await asyncio.to_thread(eventually, lambda: store.one(waiting) == 4, "both rejects, of both records of each")
        assert cluster.workers["rewards"].poll() is None, cluster.log("rewards")
        assert "data of the event" not in cluster.log("rewards")
        assert uid(f"scan {POISON}") not in rewarded()

        shown = await asyncio.to_thread(footpath, "replay", "show", **environment)
        assert shown.returncode == 0, shown.stderr
        lines = shown.stdout.splitlines()
        assert [line.split()[:4] for line in lines[1:]] == [
            [stage, reason, TOUCHPOINT_IDENTIFIED.name, "2"]
            for stage, reason in (("rewards", "exception"), ("sink", "unstorable"))
        ]
        assert "ZeroDivisionError in __main__, line" in shown.stdout and "VIOLATED_CONSTRAINT" in shown.stdout

        too_early = await asyncio.to_thread(footpath, *replay, "--where", "stage = 'sink'", **environment)
        assert "still invalid: unstorable" in too_early.stdout and too_early.returncode == 2, too_early.stderr

        store.client.command(f"ALTER TABLE {TABLE} DROP CONSTRAINT refusing")
        cluster.stop("rewards")
        cluster.start("rewards", instance="mended")
        mended = await asyncio.to_thread(footpath, *replay, **environment)
        assert mended.returncode == 0, mended.stdout + mended.stderr
        await asyncio.to_thread(eventually, lambda: identified() == 80, "the refused row")
        await asyncio.to_thread(eventually, lambda: len(rewarded()) == 80, "points for the poisoned scan")
        await cluster.quiet("rewards")
        assert store.one("SELECT count() - uniqExact(source_event_id, rule) FROM reward_posted FINAL") == 0
        again = await asyncio.to_thread(footpath, *replay, **environment)
        assert "nothing to replay" in again.stdout, again.stdout + again.stderr
        await asyncio.to_thread(
            eventually, lambda: "nothing waits" in footpath("replay", "show", **environment).stdout, "nothing waits"
        )

    async def story() -> None:
        async with stream_cluster_on(stream, tmp_path) as cluster:
            await run(cluster)

    try:
        with sink(stream, store, tmp_path / "sink.log"):
            asyncio.run(story())
    finally:
        store.client.command(f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS refusing")
