"""A store full of touches, made by ClickHouse itself: any number of them, always the same for one number.

People are met as they are in life: many once, few hundreds of times. To 1000 touches come 50 sales and 3 returns. Every
hundredth event comes twice as it was, every twenty-thousandth once more with another time.
"""

from collections.abc import Callable
from dataclasses import dataclass

BLOCK = 500_000
PARTITIONS = 16
DAYS = 300
ZERO = "toUUID('00000000-0000-0000-0000-000000000000')"


@dataclass(frozen=True)
class Size:
    """How many touches of how many people, and how many of those were merged with another one."""

    touches: int
    people: int
    merges: int

    @property
    def events(self) -> int:
        """The touches with the sales and returns among them."""
        return self.touches * 1053 // 1000

    @classmethod
    def of(cls, touches: int) -> "Size":
        """Four touches a person, one person in fifty merged."""
        return cls(touches, touches // 4, touches // 200)


def fill(command: Callable[[str], object], size: Size, tell: Callable[[str], None] = lambda text: None) -> None:
    """Fills an empty, migrated store. ``command`` runs one statement; ``tell`` hears how far it is."""
    for first in range(0, size.events, BLOCK):
        count = min(BLOCK, size.events - first)
        command(_touchpoints(size, first, count, "1", "n", 0))
        command(_touchpoints(size, first, count, "n % 100 = 0", "n", size.events))
        command(_touchpoints(size, first, count, "n % 20000 = 0", "n + 7", 2 * size.events))
        tell(f"{first + count:,} events")
    command(_merges(size))


def _uuid(salt: str, number: str) -> str:
    return f"reinterpretAsUUID(sipHash128('{salt}', {number}))"


def _touchpoints(size: Size, first: int, count: int, which: str, moment: str, written_after: int) -> str:
    """Rows of the touches ``first`` and following; ``moment`` is the number that gives the time, in order."""
    return f"""
INSERT INTO footpath.touchpoint_identified (
    event_id, type, occurred_at, received_at, source, anchor, identifiers, brand, store, tag, placement, zone, product,
    campaign, channel, amount, currency, related_event_id, properties, person_id, own_person_id, _partition, _offset)
WITH
    toUInt64(floor({size.people} * pow((sipHash64('who', n) % 1000000007) / 1000000007, 1.5))) AS person,
    sipHash64('what', n) % 1053 AS dice,
    multiIf(dice < 50, 'sale', dice < 53, 'return', dice < 453, 'ad_click', dice < 753, 'scan', dice < 853, 'page_view',
        dice < 953, 'message_clicked', 'nfc_tap') AS kind,
    toString(sipHash64('campaign', n) % 40) AS number,
    sipHash64('store', n) % 50 AS shop
SELECT
    toString({_uuid("event", "n")}) AS event_id,
    kind AS type,
    toDateTime64('2026-01-01', 6, 'UTC')
        + toIntervalMicrosecond(({moment}) * {DAYS * 86_400_000_000 // size.events}) AS occurred_at,
    occurred_at + toIntervalSecond(1) AS received_at,
    'bench' AS source,
    concat('customer:', lower(hex(sipHash128('anchor', person)))) AS anchor,
    [anchor] AS identifiers,
    'demo' AS brand,
    if(kind IN ('scan', 'sale', 'nfc_tap'), concat('store-', toString(shop)), '') AS store,
    if(kind IN ('scan', 'nfc_tap'), concat('tag-', toString(shop * 20 + n % 20)), '') AS tag,
    if(tag = '', '', ['shelf', 'packaging', 'poster', 'receipt', 'screen'][n % 5 + 1]) AS placement,
    if(store = '', '', concat('zone-', toString(n % 4))) AS zone,
    if(kind = 'scan', concat('sku-', toString(n % 500)), '') AS product,
    if(kind = 'page_view' OR (kind IN ('ad_click', 'message_clicked') AND n % 3 > 0), concat('campaign-', number), '')
        AS campaign,
    multiIf(kind = 'ad_click', ['search', 'social', 'display', 'direct'][n % 4 + 1],
        kind = 'sale' AND n % 2 = 0, 'till', '') AS channel,
    if(kind IN ('sale', 'return'), toDecimal64(1 + n % 20000 / 100, 6), NULL) AS amount,
    if(kind IN ('sale', 'return'), 'EUR', '') AS currency,
    '' AS related_event_id,
    concat('{{"session":"', lower(hex(sipHash64('session', n))), '"}}') AS properties,
    {_uuid("person", "person")} AS person_id,
    person_id AS own_person_id,
    toInt32(person % {PARTITIONS}) AS _partition,
    toInt64(n + {written_after}) AS _offset
FROM (SELECT number AS n FROM numbers({first}, {count}) WHERE {which.replace("n", "number")})
"""


def _merges(size: Size) -> str:
    """Every so many people one became the next: its own person has another name from then on."""
    step = size.people // max(size.merges, 1)
    return f"""
INSERT INTO footpath.identity_changed (
    event_id, change, person_id, own_person_id, into_person_id, version, source_event_id, occurred_at,
    _partition, _offset)
SELECT
    toString({_uuid("change", "number")}), 'merged', {_uuid("person", "number * " + str(step))},
    {_uuid("person", "number * " + str(step))}, {_uuid("person", "number * " + str(step) + " + 1")}, 1,
    toString({_uuid("event", "number")}), toDateTime64('2026-06-01', 6, 'UTC'), toInt32(number % {PARTITIONS}), number
FROM numbers({size.merges})
"""
