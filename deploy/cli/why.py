"""`footpath why`: why somebody got what they got."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from deploy.cli import USE_IT, Command
from schemas.process.errors import OperatorError

if TYPE_CHECKING:
    from deploy.operate.why.ask import Under
    from deploy.operate.why.story import Story


def why(
    event: str = "",
    /,
    *,
    person: Annotated[
        tuple[str, str] | None,
        Parameter(allow_leading_hyphen=True, help="Type and value (or hash:…) of an identifier, instead of an event."),
    ] = None,
    last: int = 5,
    recompute: Annotated[bool, Parameter(negative="")] = False,
    with_: Annotated[Path | None, Parameter(name="--with")] = None,
    since: datetime | None = None,
    until: datetime | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Show the whole story of an event: how it was recorded, recognised, decided, answered, paid and stored.

    Reads ClickHouse alone (FOOTPATH_CLICKHOUSE). An event id of a sender is namespace/id, as in till/1001; that of a
    scan is what the header Footpath-Event said.

    Exit code: 0 the story is whole; 2 the decision would be another one (--recompute, --with); 3 no such event; 4 the
    event was rejected; 5 a step is not stored (yet); 6 its person was erased; 1 anything else, as when ClickHouse is
    away.

    For example: footpath why 7f8d2c1e-4b0a-4b57-9a53-0d8a4f6f4a11 --recompute

    Parameters
    ----------
    event
        Id of the event.
    last
        With --person: how many of the latest events; each is shown briefly (as a whole with --json).
    recompute
        Decide once more with the code of today and the stored inputs, under the configuration that decided then.
    with_
        Directory of another configuration: what it would have answered.
    since
        Instead of an event: all decisions from this time on (UTC), counted by route.
    until
        Up to this time (UTC), by default now.
    json
        Print one JSON document.
    """
    if sum((bool(event), person is not None, since is not None)) != 1:
        raise OperatorError("why needs the id of an event, or --person TYPE VALUE, or --since with --with DIR")
    under = _under(recompute, with_)
    if since is not None:
        return _period(since, until, under, json)
    from deploy.operate.store_client import connect
    from deploy.operate.why.ask import Erased, stories_of, story_of
    from deploy.operate.why.lookup import UnknownEvent
    from deploy.operate.why.story import Ending

    try:
        with connect(os.environ) as client:
            if person is not None:
                stories = stories_of(client, *person, last, os.environ, under)
            else:
                stories = [story_of(client, event, under)]
    except UnknownEvent as error:
        return _said(error, Ending.UNKNOWN)
    except Erased as error:
        return _said(error, Ending.ERASED)
    _print(stories, json, is_list=person is not None)
    return max((story.ending for story in stories), default=Ending.TOLD)


def _under(recompute: bool, folder: Path | None) -> "Under":
    from deploy.operate.why.ask import Under

    if recompute and folder is not None:
        raise OperatorError("either --recompute or --with: one of them at a time")
    if folder is None:
        return Under(recompute)
    from deploy.setup.brand import check

    return Under(other=check([folder]))


def _said(error: OperatorError, code: int) -> int:
    import sys

    print(f"footpath: {error}", file=sys.stderr)
    return int(code)


def _print(stories: "list[Story]", json: bool, is_list: bool) -> None:
    if json:
        import msgspec

        document = msgspec.json.encode(stories if is_list else stories[0])
        print(msgspec.json.format(document, indent=2).decode())
        return
    from deploy.operate.why.outline import outline, outline_brief
    from deploy.operate.why.output import build_console, print_node

    console = build_console()
    for story in stories:
        print_node(outline_brief(story) if is_list else outline(story), console)
    if is_list and console.is_terminal:
        console.print("footpath why EVENT has the whole story of one of them")


def _period(since: datetime, until: datetime | None, under: "Under", json: bool) -> int:
    import msgspec

    from deploy.operate.store_client import connect
    from deploy.operate.why.output import build_console
    from deploy.operate.why.period import recompute_period
    from deploy.operate.why.period_output import PeriodProgress, print_period
    from deploy.operate.why.story import Ending

    if not under.recompute and under.other is None:
        raise OperatorError("--since needs --with DIR or --recompute: what else would the decisions be compared with?")
    begin, end = _utc(since), _utc(until or datetime.now(UTC))
    with connect(os.environ) as client, PeriodProgress() as progress:
        found = recompute_period(client, begin, end, under.other, progress)
    if json:
        print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        print_period(found, build_console())
    return Ending.DIFFERS if found.changed else Ending.TOLD


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


COMMAND = Command(why, USE_IT)
