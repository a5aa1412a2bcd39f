"""Shadow tables: copies of a topic's table and of every table that materialized views feed from it.

A feed (a materialized view) copies what is inserted into the live table from now on into the shadow table, and the
shadow table has materialized views of its own. So once it was filled to the topic's end it is at least as complete as
the live table, and the two can be exchanged. An insert that starts before the exchange and ends after it may write to
the old table alone: rows from after the topic's end are copied over when no such insert runs any more. Until then the
exchanged table carries the topic's end offsets as its comment, so after a kill in between the next run does that; a
kill at any other moment leaves shadow tables and feeds, which the next run drops. Materialized views find tables by
name, so they write into the table that has the name.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass

from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client

from deploy.operate.replay.checksum import columns_of
from schemas.process.errors import OperatorError
from sinks.clickhouse.writer import INSERT_TIMEOUT_S

SHADOW = "__replayed"
FEED = "__replay_feed"
EXCHANGED = "footpath replay: exchanged, filled from its topic up to "
"""Prefix of the comment of a table that has just taken the live one's place."""
POLL_S = 0.02
_TO = re.compile(r"CREATE MATERIALIZED VIEW \S+ TO \w+\.(\w+)")


@dataclass(frozen=True, slots=True)
class Feed:
    """A materialized view: the table it reads, the table it fills, and its query."""

    name: str
    source: str
    target: str
    select: str


def feeds_from(client: Client, table: str) -> list[Feed]:
    """The materialized views that read the table or a table that one of them fills, in the order of the data.

    :raises OperatorError: a table of theirs is fed by another table as well; those rows would be lost.
    """
    rows = client.query(
        "SELECT name, as_select, create_table_query FROM system.tables "
        "WHERE database = currentDatabase() AND engine = 'MaterializedView' ORDER BY name"
    ).result_rows
    every: list[Feed] = []
    for name, select, created in rows:
        target = _TO.match(created)
        source = re.search(r"\bFROM \w+\.(\w+)", select)
        if target and source and SHADOW not in created and FEED not in created:
            every.append(Feed(name, source[1], target[1], select))
    found: list[Feed] = []
    sources = [table]
    for source_table in sources:
        for feed in every:
            if feed.source == source_table:
                found.append(feed)
                sources.append(feed.target)
    for feed in every:
        if feed not in found and feed.target in sources:
            raise OperatorError(
                f"table {feed.target} is fed by {feed.source} as well (view {feed.name}): it cannot be rebuilt"
            )
    return found


@dataclass
class ShadowTables:
    """The shadow tables of one topic's table and of what it feeds. :param feeds: see :func:`feeds_from`."""

    client: Client
    table: str
    feeds: list[Feed]

    @property
    def tables(self) -> list[str]:
        """All live tables that get a shadow table, the topic's own first."""
        return list(dict.fromkeys([self.table, *(feed.target for feed in self.feeds)]))

    def create(self) -> None:
        """Creates empty shadow tables, and the feeds that fill them from now on."""
        self.drop()
        for table in self.tables:
            ((created,),) = self.client.query(f"SHOW CREATE TABLE {table}").result_rows
            self._run(re.sub(rf"TABLE (\w+)\.{table}\b", rf"TABLE \1.{table}{SHADOW}", created, count=1))
        ((database,),) = self.client.query("SELECT currentDatabase()").result_rows
        for feed in self.feeds:
            select = re.sub(rf"\b{database}\.{feed.source}\b", f"{database}.{feed.source}{SHADOW}", feed.select)
            self._run(f"CREATE MATERIALIZED VIEW {feed.name}{FEED} TO {feed.target}{SHADOW} AS {select}")
        columns = self._columns()
        self._run(
            f"CREATE MATERIALIZED VIEW {self.table}{FEED} TO {self.table}{SHADOW} AS SELECT {columns} FROM {self.table}"
        )

    def copy_rows(self, condition: str) -> int:
        """Copies rows of the live table, e.g. those whose records the topic does not have any more.

        :returns: number of copied rows.
        """
        before = self._count()
        columns = self._columns()
        self._run(f"INSERT INTO {self.table}{SHADOW} ({columns}) SELECT {columns} FROM {self.table} WHERE {condition}")
        return self._count() - before

    def exchange(self, ends: Mapping[int, int]) -> None:
        """Puts the shadow tables in the live ones' place.

        :param ends: the offsets before which they were filled, by partition.
        """
        self._comment(f"{self.table}{SHADOW}", EXCHANGED + json.dumps(ends))
        for table in self.tables:
            self._run(f"EXCHANGE TABLES {table} AND {table}{SHADOW}")

    def drop(self) -> None:
        """Drops feeds and shadow tables, after copying over what the exchanged table alone has."""
        # Feeds first: an insert into the live table fails when the target of a feed is gone.
        for name in self._existing(FEED):
            self._run(f"DROP TABLE IF EXISTS {name} SYNC")
        comment = self._comment_of(self.table)
        if comment.startswith(EXCHANGED):
            self._catch_up(json.loads(comment.removeprefix(EXCHANGED)))
            self._comment(self.table, self._comment_of(f"{self.table}{SHADOW}"))
        for name in self._existing(SHADOW):
            self._run(f"DROP TABLE IF EXISTS {name} SYNC")

    def _catch_up(self, ends: Mapping[str, int]) -> None:
        """Copies rows that an insert wrote to the replaced table alone; materialized views feed the other tables."""
        self._wait_for_inserts()
        later = " OR ".join(f"(_partition = {number} AND _offset >= {end})" for number, end in ends.items())
        columns = self._columns()
        self._run(f"INSERT INTO {self.table} ({columns}) SELECT {columns} FROM {self.table}{SHADOW} WHERE {later}")

    def _wait_for_inserts(self) -> None:
        """Waits until every insert that runs now has ended. :raises OperatorError: one takes too long."""
        active = "SELECT query_id FROM system.processes WHERE query_kind = 'Insert'"
        running = {id for (id,) in self.client.query(active).result_rows}
        deadline = time.monotonic() + INSERT_TIMEOUT_S
        while running:
            if time.monotonic() > deadline:
                raise OperatorError(
                    f"an insert takes more than {INSERT_TIMEOUT_S} s: run this again, it continues from here"
                )
            time.sleep(POLL_S)
            running &= {id for (id,) in self.client.query(active).result_rows}

    def _comment(self, table: str, comment: str) -> None:
        self._run(f"ALTER TABLE {table} MODIFY COMMENT {format_str(comment)}")

    def _comment_of(self, table: str) -> str:
        ((comment,),) = self.client.query(
            "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
            parameters={"table": table},
        ).result_rows
        return str(comment)

    def _existing(self, suffix: str) -> list[str]:
        """Names of existing shadow tables or feeds, by their suffix."""
        names = [f"{name}{suffix}" for name in (*self.tables, *(feed.name for feed in self.feeds))]
        rows = self.client.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND name IN {names:Array(String)}",
            parameters={"names": names},
        ).result_rows
        return [name for (name,) in rows]

    def _columns(self) -> str:
        return ", ".join(f"`{name}`" for name in columns_of(self.client, self.table))

    def _count(self) -> int:
        return int(self.client.query(f"SELECT uniqExact(_key) FROM {self.table}{SHADOW}").result_rows[0][0])

    def _run(self, statement: str) -> None:
        self.client.command(statement)
