"""`footpath replay`: rejects, tables and states rebuilt from the topics, which are the source of truth."""

import os
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import App, Parameter

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError

if TYPE_CHECKING:
    from schemas.codec.avro import Codec

replay = App(name="replay", help="Repair rejected events; rebuild tables and states from their topics.")

Flag = Annotated[bool, Parameter(negative="")]
Texts = Annotated[tuple[str, ...], Parameter(negative="")]


@replay.command
def rejected(
    *, where: str = "", set: Texts = (), drop: Texts = (), limit: int | None = None, dry_run: Flag = False
) -> int:
    """Send rejected events through today's code, with repairs where you give them.

    What the events API rejected is judged as it was at first: the sender's own text, the kinds that the sender's key
    may send, the time of its receipt. That needs the keys in FOOTPATH_REJECT_KEY_FILE and
    FOOTPATH_IDENTIFIER_KEY_FILE (not set: those of the stack in FOOTPATH_DATA).

    An event that conflicts with another one of its sender stays rejected; --set event_id=… makes it one of its own.

    An event that succeeds counts once, however often this is run. When an event is still invalid, the exit code is 2.
    The view `rejected` shows how many events wait.

    For example: footpath replay rejected --where "reason = 'invalid' AND field = 'properties.currency'" --set
    properties.currency=EUR

    Parameters
    ----------
    where
        Condition on the columns of the table event_rejected (SQL); without it all rejects.
    set
        FIELD=TEXT or FIELD:=JSON in the format of the events API, e.g. type=scan or properties.amount:=12.5; may be
        repeated. For events that the gateway rejected.
    drop
        FIELD to remove, e.g. properties.foo or identifiers[0]; may be repeated.
    limit
        Maximum number of rejects, oldest first.
    dry_run
        Print what would be done, and do nothing.
    """
    import asyncio

    from deploy.operate.client_logs import silence_client_logs
    from deploy.operate.identity.dead import read_dead
    from deploy.operate.replay import rejected as replaying
    from deploy.operate.replay.gateway_rejects import GatewayRejects
    from deploy.operate.replay.reference import read_history
    from deploy.operate.replay.rejects import Rejects
    from deploy.operate.replay.repair import read_changes
    from deploy.operate.replay.replan import Replanner
    from deploy.operate.replay.superseded import is_superseded
    from deploy.operate.store_client import connect
    from deploy.target import read_clickhouse, read_identifier_key, read_kafka, read_reject_keys
    from gateway.brand.live import build_brand_view
    from processors.registry import PROCESSORS

    silence_client_logs()
    changes = read_changes(set, drop)
    if limit is not None and limit < 1:
        raise OperatorError(f"--limit {limit}: must be a whole number above zero")
    codec, kafka = _codec(), read_kafka(os.environ)
    with connect(os.environ) as client:
        rejects = Rejects(client, where)
        reference = asyncio.run(read_history(kafka, codec)).latest
        # Nobody who was erased comes back by a replay.
        dead = read_dead(kafka, codec)
        brand_view = cache(lambda: build_brand_view(reference.brand, read_identifier_key(os.environ), dead))
        replanner = Replanner(
            codec,
            PROCESSORS,
            reference,
            read_reject_keys(os.environ).reveal,
            GatewayRejects(brand_view, changes, partial(is_superseded, client)),
            changes,
        )
        if dry_run:
            outcomes = asyncio.run(replaying.preview(rejects, replanner, kafka, codec, limit))
        else:
            url = read_clickhouse(os.environ)
            outcomes = asyncio.run(replaying.replay(rejects, replanner, kafka, url, codec, limit))
    _show(outcomes.counts)
    return 2 if outcomes.still_invalid else 0


@replay.command
def show(*, where: str = "", limit: int = 50) -> int:
    """Show what was set aside and waits for a repair: how many events, by stage, reason and detail, the worst first.

    A reason `exception` is a bug of that stage: the detail has the place, and `footpath replay rejected` brings the
    events back once it is mended. `unstorable` are rows that ClickHouse refuses.

    For example: footpath replay show --where "stage = 'sink'"

    Parameters
    ----------
    where
        Condition on the columns of the table event_rejected (SQL); without it all rejects.
    limit
        Maximum number of lines.
    """
    from deploy.operate.client_logs import silence_client_logs
    from deploy.operate.replay.rejects import Rejects
    from deploy.operate.replay.waiting import read_waiting
    from deploy.operate.store_client import connect

    silence_client_logs()
    if limit < 1:
        raise OperatorError(f"--limit {limit}: must be a whole number above zero")
    with connect(os.environ) as client:
        waiting = read_waiting(Rejects(client, where), limit)
    columns = ("stage", "reason", "topic", "rejects", "first", "last", "latest event", "detail")
    rows = [
        (w.stage, w.reason, w.topic, f"{w.rejects:,}", f"{w.first_at:%F %T}", f"{w.last_at:%F %T}", w.example, w.detail)
        for w in waiting
    ]
    _table(columns, rows, "nothing waits for a repair")
    return 0


@replay.command
def topic(name: str, *, to: Literal["clickhouse"] = "clickhouse", check: Flag = False) -> int:
    """Rebuild the table of a topic from the topic's first record to its last, and every table that follows from it.

    The live table stays complete and in use; the rebuilt one takes its place when it is complete. Checksums of both are
    printed.

    For example: footpath replay topic touchpoint-identified --check

    Parameters
    ----------
    name
        A topic by its noun, e.g. reward-posted, its full name or its table's name; or all.
    to
        The store of the table.
    check
        Compare only, and change nothing; the exit code is 2 when they differ.
    """
    import asyncio

    from deploy.operate.client_logs import silence_client_logs
    from deploy.operate.replay.table import rebuild, topics_named
    from deploy.operate.store_client import connect
    from deploy.target import read_clickhouse, read_kafka

    silence_client_logs()
    topics, codec, kafka, differ = topics_named(name), _codec(), read_kafka(os.environ), False
    with connect(os.environ) as client:
        for one in topics:
            rebuilt = asyncio.run(rebuild(one, kafka, read_clickhouse(os.environ), client, codec, check))
            for table in rebuilt:
                print(table)
                differ = differ or not table.equal
    return 2 if check and differ else 0


@replay.command
def state(processor: str, *, write: Flag = False) -> int:
    """Rebuild a processor's state from its source topics, and compare it with its changelog.

    The sources are read up to the offsets that the changelog contains; run this when the processor has no work left.
    The exit code is 2 when something differs and --write is not given. Of an identifier that many share, identity
    stores edges that it met before it was shared, and no topic has that order: such rows may differ although the people
    are the same. They also differ from a rebuild with other guards until those were applied.

    For example: footpath replay state rewards

    Parameters
    ----------
    processor
        Its name, e.g. rewards; a name that does not exist is answered with those that do.
    write
        Replace the changelog's state by the rebuilt one. The processor's workers must be stopped; they restore the new
        state at their next start.
    """
    import asyncio
    import tempfile

    from deploy.operate.client_logs import silence_client_logs
    from deploy.operate.replay.state import replay as replay_state
    from deploy.target import coupon_keys_if_any, read_kafka
    from processors.registry import PROCESSORS
    from schemas.process.shared_settings import COUPON_KEY_FILE

    silence_client_logs()
    if processor not in PROCESSORS:
        raise OperatorError(f"no such processor: {processor}; there are {', '.join(PROCESSORS)}")
    codec, keys = _codec(), coupon_keys_if_any(os.environ)
    if processor == "coupons" and keys is None:
        raise OperatorError(f"{COUPON_KEY_FILE.name} is not set: the codes of coupons cannot be made anew")
    with tempfile.TemporaryDirectory(prefix="footpath-replay-") as folder:
        replayed = asyncio.run(
            replay_state(PROCESSORS[processor], read_kafka(os.environ), codec, Path(folder), write, keys)
        )
    for partition in replayed.partitions:
        print(partition)
    if replayed.in_flight:
        print(f"{replayed.in_flight:,} records are in flight within {processor}: what they change differs for now")
    if write:
        print("written; workers restore it at their next start")
    return 0 if write or all(partition.equal for partition in replayed.partitions) else 2


def _codec() -> "Codec":
    """Of the schemas here, and of the registry when there is one. It protects rejects as the sink does."""
    from deploy.target import read_registry, read_reject_key_file, read_reject_keys
    from schemas.codec.schema_registry import codec_with

    reject_keys = read_reject_keys(os.environ) if read_reject_key_file(os.environ).exists() else None
    return codec_with(read_registry(os.environ), reject_keys)


def _show(counts: dict[tuple[str, str, str], int]) -> None:
    rows = [(*outcome, f"{count:,}") for outcome, count in sorted(counts.items())]
    _table(("stage", "reason", "outcome", "rejects"), rows, "nothing to replay: no reject of this condition waits")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], if_none: str) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False, emoji=False)
    if not rows:
        console.print(if_none)
        return
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    (console if console.is_terminal else Console(file=console.file, width=1000, highlight=False)).print(table)


COMMAND = Command(replay, USE_IT)
