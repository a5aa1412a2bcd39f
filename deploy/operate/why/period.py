"""All decisions of a period once more: how many answers would be others, by route. Rows are read as a stream; what is
kept is a count for each pair of routes, and the answers that many scans share."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

import msgspec
from clickhouse_connect.driver.client import Client

from deploy.operate.why.brand_versions import BrandVersions
from deploy.operate.why.recomputation import COMPARED, CONTENT, NO_INPUTS, NO_TAG, Recomputation, Scan, differences
from deploy.operate.why.stored import Stored, micros, moment_of
from schemas.brand.model import Brand

IN_PERIOD = (
    "FROM scan_routed FINAL WHERE occurred_at >= fromUnixTimestamp64Micro({since:Int64}, 'UTC') "
    "AND occurred_at < fromUnixTimestamp64Micro({until:Int64}, 'UTC')"
)
BLOCK_ROWS = 8192


class Moved(msgspec.Struct, frozen=True):
    """Answers that were of one route and would be of another, or of the same with other fields (``fields``)."""

    was: str
    now: str
    answers: int
    fields: list[str] = []


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """``answers`` were looked at, of ``of`` in the period (a share of them when there are too many). ``without_inputs``
    cannot be new; of ``missing`` inputs, by name, that many answers would have needed one that is not stored and
    was taken as unknown. ``other_versions`` are those that could not be put together, in whose place the present
    configuration answered."""

    since: datetime
    until: datetime
    of: int
    answers: int
    same: int
    without_inputs: int
    moved: list[Moved]
    missing: dict[str, int] = {}
    other_versions: list[str] = []
    seconds: float

    @property
    def changed(self) -> int:
        """How many would be others."""
        return self.answers - self.same - self.without_inputs


class Watched(Protocol):
    """Who is told how far it is."""

    def advanced(self, answers: int, of: int) -> None:
        """:param answers: how many have been looked at. :param of: about how many will be."""


class PeriodCount:
    """Recomputes the decisions of a stream of rows, and counts.

    :param other: the brand that answers; None: each row's own version, by ``versions``, of which one at a time is in
    memory: rows come version by version.
    """

    def __init__(self, other: Brand | None, versions: BrandVersions | None) -> None:
        self._other = Recomputation(other, other=True) if other is not None else None
        self._versions = versions
        self._own: tuple[str, Recomputation, Brand] | None = None
        self.answers = self.same = self.without_inputs = 0
        self.moved: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
        self.missing: Counter[str] = Counter()
        self.other_versions = dict[str, None]()

    def take(self, row: dict[str, Any]) -> bool:
        """Recomputes one decision; whether the answer would be another."""
        self.answers += 1
        scan = Scan(row["person_id"], moment_of(row["occurred_at_us"]), "", row["inputs"])
        new = None
        if scan.inputs != NO_INPUTS:
            if self._other is not None:
                new = self._other.answer(scan)
            elif (own := self._of(row["brand_version"], scan.occurred_at)) is not None:
                tag = own[2].tags.get(row["tag"])
                new = own[1].answer(msgspec.structs.replace(scan, campaign=tag.campaign if tag else ""))
        if new is None:
            self.without_inputs += 1
            return False
        self.missing.update(new.missing)
        if new.answer is None:
            self.moved[row["route"], NO_TAG, ()] += 1
            return True
        found = tuple(one.field for one in differences(row, new))
        if not found:
            self.same += 1
            return False
        fields = found if row["route"] == new.answer.route else ()
        self.moved[row["route"], new.answer.route, fields] += 1
        return True

    def _of(self, version: str, moment: datetime) -> tuple[str, Recomputation, Brand] | None:
        if self._own is None or self._own[0] != version:
            assert self._versions is not None
            brand = self._versions.of(version, moment)
            if brand is None:
                self.other_versions[version] = None
                brand = self._versions.live()
            self._own = (version, Recomputation(brand, other=False), brand) if brand is not None else None
        return self._own


def versions_in(client: Client, since: datetime, until: datetime) -> list[str]:
    """The versions that decided in the period."""
    rows = Stored(client).ask(
        f"SELECT DISTINCT brand_version AS version {IN_PERIOD} ORDER BY version",
        since=micros(since),
        until=micros(until),
    )
    return [row["version"] for row in rows]


def count(client: Client, since: datetime, until: datetime) -> int:
    """How many decisions the period has."""
    rows = Stored(client).ask(f"SELECT count() AS n {IN_PERIOD}", since=micros(since), until=micros(until))
    return int(rows[0]["n"])


def recompute_period(
    client: Client,
    since: datetime,
    until: datetime,
    other: Brand | None,
    watched: Watched | None = None,
    most: int | None = None,
) -> Period:
    """Recomputes the decisions of a period under ``other``, or each under its own configuration by the code of today.

    :param most: look at about so many at most, drawn by their ids. Blocks.
    :raises ClickHouseError: the store is away or refuses.
    """
    began, of = time.monotonic(), count(client, since, until)
    counts = PeriodCount(other, None if other is not None else BrandVersions.read(Stored(client)))
    share = 1 if most is None or of <= most else -(-of // most)
    for version in versions_in(client, since, until) if other is None else [""]:
        for rows in _rows(client, since, until, share, version):
            for row in rows:
                counts.take(row)
            if watched is not None:
                watched.advanced(counts.answers, of // share)
    moved = [Moved(was, now, n, list(fields)) for (was, now, fields), n in counts.moved.most_common()]
    return Period(
        since=since,
        until=until,
        of=of,
        answers=counts.answers,
        same=counts.same,
        without_inputs=counts.without_inputs,
        moved=moved,
        missing=dict(counts.missing),
        other_versions=list(counts.other_versions),
        seconds=time.monotonic() - began,
    )


def _rows(client: Client, since: datetime, until: datetime, share: int, version: str) -> Iterator[list[dict[str, Any]]]:
    """:param version: that decided; empty: of whatever version."""
    columns = ["toString(person_id) AS full_person_id", "toUnixTimestamp64Micro(occurred_at) AS occurred_at_us"]
    names = ["person_id", "occurred_at_us", "tag", "brand_version", "inputs", *COMPARED, CONTENT]
    sql = (
        f"SELECT {', '.join([*columns, *names[2:]])} {IN_PERIOD} AND modulo(cityHash64(_key), {{share:UInt64}}) = 0 "
        "AND ({version:String} = '' OR brand_version = {version:String}) "
        f"SETTINGS max_block_size = {BLOCK_ROWS}"
    )
    parameters = {"since": micros(since), "until": micros(until), "share": share, "version": version}
    with client.query_row_block_stream(sql, parameters=parameters) as stream:
        for block in stream:
            yield [dict(zip(names, row, strict=True)) for row in block]
