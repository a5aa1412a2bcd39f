"""A second copy of a topic's table and of every table that materialized views feed from it, filled beside the first.

A feed copies what is inserted into the table from now on into the copy, and the copy has materialized views of its own.
So the copy is at least as complete as the table from the moment on at which it was filled to the topic's end, and the
two can change places. An insert that has begun before and ends after that moment may find the old table alone: what
came after the topic's end is copied over once no such insert runs. The exchanged table carries the topic's ends as its
comment until that is done, so a kill in between is made good by the next run; any other leaves nothing but copies.
Materialized views find tables by name, so they write into what has that name.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client

from deploy.errors import Refused
from deploy.replaying.checksum import columns_of
from sinks.store.writer import INSERT_TIMEOUT_S

BESIDE = "__replayed"
FEED = "__replay_feed"
EXCHANGED = "footpath replay: exchanged, filled from its topic up to "
"""Begins the comment of a table that has just taken another's place."""
PAUSE_S = 0.02
_TO = re.compile(r"CREATE MATERIALIZED VIEW \S+ TO footpath\.(\w+)")


@dataclass(frozen=True, slots=True)
class Feed:
    """A materialized view: what it reads, what it fills, and how."""

    name: str
    source: str
    target: str
    select: str


def feeds_from(client: Client, table: str) -> list[Feed]:
    """The views that are fed from the table and from what they fill, each after those that it follows from.

    :raises Refused: one of their tables is fed by another table as well, which would be lost.
    """
    rows = client.query(
        "SELECT name, as_select, create_table_query FROM system.tables "
        "WHERE database = 'footpath' AND engine = 'MaterializedView' ORDER BY name"
    ).result_rows
    every: list[Feed] = []
    for name, select, created in rows:
        target = _TO.match(created)
        source = re.search(r"\bFROM footpath\.(\w+)", select)
        if target and source and BESIDE not in created and FEED not in created:
            every.append(Feed(name, source[1], target[1], select))
    found: list[Feed] = []
    sources = [table]
    for reading in sources:
        for feed in every:
            if feed.source == reading:
                found.append(feed)
                sources.append(feed.target)
    for feed in every:
        if feed not in found and feed.target in sources:
            raise Refused(
                f"table {feed.target} is fed by {feed.source} as well (view {feed.name}): it cannot be rebuilt"
            )
    return found


@dataclass
class Copies:
    """The copies of one topic's table and what follows from it. :param feeds: see :func:`feeds_from`."""

    client: Client
    table: str
    feeds: list[Feed]

    @property
    def tables(self) -> list[str]:
        """All tables that have a copy, the topic's own first."""
        return list(dict.fromkeys([self.table, *(feed.target for feed in self.feeds)]))

    def make(self) -> None:
        """Empty copies, and the feeds that fill them from now on."""
        self.drop()
        for table in self.tables:
            ((created,),) = self.client.query(f"SHOW CREATE TABLE footpath.{table}").result_rows
            self._run(created.replace(f"TABLE footpath.{table}", f"TABLE footpath.{table}{BESIDE}", 1))
        for feed in self.feeds:
            select = re.sub(rf"\bfootpath\.{feed.source}\b", f"footpath.{feed.source}{BESIDE}", feed.select)
            self._run(
                f"CREATE MATERIALIZED VIEW footpath.{feed.name}{FEED} TO footpath.{feed.target}{BESIDE} AS {select}"
            )
        columns = self._written()
        self._run(
            f"CREATE MATERIALIZED VIEW footpath.{self.table}{FEED} TO footpath.{self.table}{BESIDE} "
            f"AS SELECT {columns} FROM footpath.{self.table}"
        )

    def keep(self, condition: str) -> int:
        """Copies rows of the table that its topic does not tell any more. :returns: how many."""
        before = self._count()
        columns = self._written()
        self._run(
            f"INSERT INTO footpath.{self.table}{BESIDE} ({columns}) "
            f"SELECT {columns} FROM footpath.{self.table} WHERE {condition}"
        )
        return self._count() - before

    def swap(self, ends: Mapping[int, int]) -> None:
        """The copies take the tables' places. :param ends: up to which offsets (by partition) the copy was filled."""
        self._comment(f"{self.table}{BESIDE}", EXCHANGED + json.dumps(ends))
        for table in self.tables:
            self._run(f"EXCHANGE TABLES footpath.{table} AND footpath.{table}{BESIDE}")

    def drop(self) -> None:
        """Nothing is left of the copies, and nothing that only they have is lost."""
        # Feeds first: an insert into the table would miss what they fill.
        for name in self._there(FEED):
            self._run(f"DROP TABLE IF EXISTS footpath.{name} SYNC")
        comment = self._comment_of(self.table)
        if comment.startswith(EXCHANGED):
            self._catch_up(json.loads(comment.removeprefix(EXCHANGED)))
            self._comment(self.table, self._comment_of(f"{self.table}{BESIDE}"))
        for name in self._there(BESIDE):
            self._run(f"DROP TABLE IF EXISTS footpath.{name} SYNC")

    def _catch_up(self, ends: Mapping[str, int]) -> None:
        """Copies over what came into the table that was exchanged; views take it on from there."""
        self._wait_for_inserts()
        later = " OR ".join(f"(_partition = {number} AND _offset >= {end})" for number, end in ends.items())
        columns = self._written()
        self._run(
            f"INSERT INTO footpath.{self.table} ({columns}) "
            f"SELECT {columns} FROM footpath.{self.table}{BESIDE} WHERE {later}"
        )

    def _wait_for_inserts(self) -> None:
        """Until every insert has ended that runs now."""
        running = "SELECT query_id FROM system.processes WHERE query_kind = 'Insert'"
        begun = {id for (id,) in self.client.query(running).result_rows}
        until = time.monotonic() + INSERT_TIMEOUT_S
        while begun:
            if time.monotonic() > until:
                raise Refused(
                    f"an insert runs for more than {INSERT_TIMEOUT_S} s: run this again, it goes on from here"
                )
            time.sleep(PAUSE_S)
            begun &= {id for (id,) in self.client.query(running).result_rows}

    def _comment(self, table: str, comment: str) -> None:
        self._run(f"ALTER TABLE footpath.{table} MODIFY COMMENT {format_str(comment)}")

    def _comment_of(self, table: str) -> str:
        ((comment,),) = self.client.query(
            "SELECT comment FROM system.tables WHERE database = 'footpath' AND name = {table:String}",
            parameters={"table": table},
        ).result_rows
        return str(comment)

    def _there(self, ending: str) -> list[str]:
        """Names of ours with this ending that exist."""
        mine = [f"{name}{ending}" for name in (*self.tables, *(feed.name for feed in self.feeds))]
        rows = self.client.query(
            "SELECT name FROM system.tables WHERE database = 'footpath' AND name IN {mine:Array(String)}",
            parameters={"mine": mine},
        ).result_rows
        return [name for (name,) in rows]

    def _written(self) -> str:
        return ", ".join(f"`{name}`" for name in columns_of(self.client, self.table))

    def _count(self) -> int:
        return int(self.client.query(f"SELECT uniqExact(_key) FROM footpath.{self.table}{BESIDE}").result_rows[0][0])

    def _run(self, statement: str) -> None:
        self.client.command(statement)
