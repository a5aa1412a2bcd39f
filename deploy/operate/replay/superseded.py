"""Whether a later statement has taken the place of a replayed one."""

from clickhouse_connect.driver.client import Client

from schemas.events import CostReported, Event
from schemas.topics import DAY_US

_LATER_COST = """
SELECT count() FROM cost_reported FINAL
WHERE campaign = {campaign:String} AND channel = {channel:String} AND placement = {placement:String}
    AND store = {store:String} AND tag = {tag:String}
    AND intDiv(toUnixTimestamp64Micro(occurred_at), {day_us:Int64}) = {day:Int64}
    AND toUnixTimestamp64Micro(received_at) > {received_at:Int64}
"""


def is_superseded(client: Client, event: Event) -> bool:
    """Of costs, which are stated for a day and a place, the latest statement counts: one that was received before
    another, and is published after it, must not replace it. Nothing else is replaced by what follows."""
    if not isinstance(event, CostReported):
        return False
    names = {name: getattr(event, name) for name in ("campaign", "channel", "placement", "store", "tag")}
    parameters = {**names, "day_us": DAY_US, "day": event.occurred_at // DAY_US, "received_at": event.received_at}
    return bool(client.query(_LATER_COST, parameters=parameters).result_rows[0][0])
