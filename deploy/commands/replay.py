"""Topics are the truth: rejects, tables and states anew from what is on them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from deploy.commands import USE_IT
from deploy.errors import Refused

if TYPE_CHECKING:
    from schemas.codec import Codec

replay = App(
    name="replay", help="Topics are the truth: repair rejects, rebuild tables and states from them.", group=USE_IT
)

Flag = Annotated[bool, Parameter(negative="")]
Texts = Annotated[tuple[str, ...], Parameter(negative="")]


@replay.command
def rejected(
    *, where: str = "", set: Texts = (), drop: Texts = (), limit: int | None = None, dry_run: Flag = False
) -> int:
    """Send rejected events through the code of today, repaired where you say how.

    What succeeds counts once, however often this is run; what is refused again stays, and the exit code is 2 then. The
    view `rejected` shows what waits.

    For example: footpath replay rejected --where "reason = 'invalid' AND field = 'properties.currency'" --set
    properties.currency=EUR

    Parameters
    ----------
    where
        Condition on the columns of the table event_rejected (SQL); without it all rejects.
    set
        FIELD=TEXT or FIELD:=JSON in the shape of the events API, e.g. type=scan or properties.amount:=12.5; several
        times if need be. For events that the gateway refused.
    drop
        FIELD to take out, e.g. properties.foo or identifiers[0].
    limit
        So many rejects at most, oldest first.
    dry_run
        Say what would be done, and do nothing.
    """
    import asyncio
    from functools import partial

    from deploy.environment import hush_libraries
    from deploy.replaying import rejected as replaying
    from deploy.replaying.again import Judge
    from deploy.replaying.rejects import Rejects
    from deploy.replaying.repair import read_changes
    from deploy.replaying.world import read_world
    from deploy.store import reached
    from deploy.target import read_clickhouse, read_kafka, read_target
    from processors.worker import PROCESSORS

    hush_libraries()
    changes = read_changes(set, drop)
    if limit is not None and limit < 1:
        raise Refused(f"--limit {limit}: must be a whole number above zero")
    codec, kafka = _codec(), read_kafka(os.environ)
    with reached(os.environ) as client:
        rejects = Rejects(client, where)
        judge = Judge(codec, PROCESSORS, asyncio.run(read_world(kafka, codec)), changes)
        if dry_run:
            told = asyncio.run(replaying.look(rejects, judge, kafka, codec, limit))
        else:
            url, target = read_clickhouse(os.environ), partial(read_target, os.environ)
            told = asyncio.run(replaying.replay(rejects, judge, kafka, url, codec, target, limit))
    _show(told.counts)
    return 2 if told.staying else 0


@replay.command
def topic(name: str, *, to: Literal["clickhouse"] = "clickhouse", check: Flag = False) -> int:
    """Build the table of a topic anew, from the topic's first record to its last, and every table that follows from it.

    The table stays whole and in use; the new one takes its place when it is complete. Checksums of both are printed.

    For example: footpath replay topic touchpoint-identified --check

    Parameters
    ----------
    name
        A topic such as reward-posted (its full name and its table's will do), or all.
    to
        Where the table is.
    check
        Compare only, and change nothing; the exit code is 2 when they differ.
    """
    import asyncio

    from deploy.environment import hush_libraries
    from deploy.replaying.table import rebuild, topics_named
    from deploy.store import reached
    from deploy.target import read_clickhouse, read_kafka

    hush_libraries()
    topics, codec, kafka, differ = topics_named(name), _codec(), read_kafka(os.environ), False
    with reached(os.environ) as client:
        for one in topics:
            rebuilt = asyncio.run(rebuild(one, kafka, read_clickhouse(os.environ), client, codec, check))
            for table in rebuilt:
                print(table)
                differ = differ or not table.equal
    return 2 if check and differ else 0


@replay.command
def state(processor: str, *, write: Flag = False) -> int:
    """Build a processor's state anew from its source topics, and hold it against its changelog.

    It is compared with where the changelog is; best when the processor has nothing left to do. The exit code is 2 when
    something differs, unless it was mended. Of an identifier that many share, identity remembers only the neighbours
    that it met first, and no topic says which those were: such rows may differ although the people are the same.

    For example: footpath replay state rewards

    Parameters
    ----------
    processor
        identity, context, rewards or likeness.
    write
        Put the rebuilt state in the changelog's place; the processor's workers must be stopped, and take it up at
        their next start.
    """
    import asyncio
    import tempfile

    from deploy.environment import hush_libraries
    from deploy.replaying.state import replay as replay_state
    from deploy.target import read_kafka
    from processors.worker import PROCESSORS

    hush_libraries()
    if processor not in PROCESSORS:
        raise Refused(f"no such processor: {processor}; there are {', '.join(PROCESSORS)}")
    codec = _codec()
    with tempfile.TemporaryDirectory(prefix="footpath-replay-") as folder:
        replayed = asyncio.run(replay_state(PROCESSORS[processor], read_kafka(os.environ), codec, Path(folder), write))
    for partition in replayed.partitions:
        print(partition)
    if replayed.under_way:
        print(f"{replayed.under_way:,} records are under way within {processor}: what follows from them differs by now")
    if write:
        print("written; workers take it up at their next start")
    return 0 if write or all(partition.equal for partition in replayed.partitions) else 2


def _codec() -> "Codec":
    """Of the schemas here, and of the registry when there is one."""
    from deploy.environment import setting
    from schemas.registry import codec_with

    return codec_with(setting("FOOTPATH_SCHEMA_REGISTRY", ""))


def _show(counts: dict[tuple[str, str, str], int]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    if not counts:
        console.print("nothing to replay: no reject that fits waits")
        return
    table = Table("stage", "reason", "outcome", "rejects", box=None, pad_edge=False, header_style="bold")
    for (stage, reason, outcome), count in sorted(counts.items()):
        table.add_row(stage, reason, outcome, f"{count:,}")
    (console if console.is_terminal else Console(file=console.file, width=1000, highlight=False)).print(table)
