"""Rejected events from the store, a page at a time."""

import re
from collections.abc import Iterator, Set
from typing import Any

from clickhouse_connect.driver.binding import format_str
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from schemas.events import EventRejected
from schemas.process.errors import OperatorError

PAGE_ROWS = 500
TABLE = "event_rejected"
_QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|`[^`]*`")
_SUBQUERY = re.compile(r"\b(select|with)\b", re.IGNORECASE)
_CONDITION_ERROR = re.compile(r"DB::Exception: (.*?)(?: \(version| \(for url|$)", re.DOTALL)

_PAGE = """
SELECT
    event_id, toUnixTimestamp64Micro(occurred_at) AS at, stage, reason, detail, field,
    concat(source_namespace, if(source_namespace = '', '', '/'), source_event_id) AS source,
    fingerprint, hex(raw), topic, partition, offset
FROM event_rejected FINAL
WHERE (occurred_at, event_id) > (fromUnixTimestamp64Micro({at:Int64}), {id:String})
ORDER BY occurred_at, event_id
LIMIT {rows:UInt32}
"""
_COUNT = "SELECT count() FROM event_rejected FINAL"


class Rejects:
    """Reads event_rejected. :param where: an SQL condition on its columns; empty for all rows."""

    def __init__(self, client: Client, where: str) -> None:
        if _SUBQUERY.search(_QUOTED.sub("''", where)):
            raise OperatorError(
                f"--where {where}: must be a condition on the columns of event_rejected, without a subquery"
            )
        self._client = client
        self._where = where

    def count(self) -> int:
        """Number of rejects that meet the condition, replayed or not. :raises OperatorError: the condition is wrong."""
        return int(self.query(_COUNT)[0][0])

    def pages(self, done: Set[str], limit: int | None) -> Iterator[list[EventRejected]]:
        """Rejects, oldest first, at most ``limit``, without the ids in ``done``. :raises OperatorError: as above."""
        at, id, left = 0, "", limit
        while left is None or left > 0:
            rows = self.query(_PAGE, at=at, id=id, rows=PAGE_ROWS)
            if not rows:
                return
            id, at = rows[-1][0], rows[-1][1]
            page = [_reject(row) for row in rows if row[0] not in done][:left]
            left = None if left is None else left - len(page)
            yield page

    def query(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query on event_rejected, which sees only what meets the condition.

        :raises OperatorError: the condition is wrong.
        """
        settings: dict[str, Any] = {"readonly": 2}
        if self._where:
            # ClickHouse parses a filter as one expression and nothing else, whatever quotes or brackets it has.
            settings["additional_table_filters"] = f"{{'{TABLE}': {format_str(self._where)}}}"
        try:
            return [tuple(row) for row in self._client.query(sql, parameters=parameters, settings=settings).result_rows]
        except ClickHouseError as error:
            if self._where and (found := _CONDITION_ERROR.search(str(error))):
                raise OperatorError(f"--where {self._where}: ClickHouse says: {found[1].strip()}") from None
            raise


def _reject(row: tuple[Any, ...]) -> EventRejected:
    event_id, at, stage, reason, detail, field, source_event_id, fingerprint, raw, topic, partition, offset = row
    return EventRejected(
        event_id=event_id,
        occurred_at=at,
        stage=stage,
        reason=reason,
        detail=detail,
        field=field,
        source_event_id=source_event_id,
        fingerprint=fingerprint,
        raw=bytes.fromhex(raw),
        topic=topic,
        partition=partition,
        offset=offset,
    )
