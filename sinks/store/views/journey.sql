-- Grain:      one path: the touches of a person after one conversion up to the next, or up to now
-- Sources:    touchpoint, sale
-- Definition: what path and attribution are made of. Entries are a person's touches and sales in the order of time; equal
--             times are ordered by event_id (as a number; ids that are no UUIDs by their hash). A path ends with a sale,
--             which is itself its last touch when it names a channel; the path after the last sale is open.
--             buyers_only = 1 leaves out whoever never bought, which makes attribution several times faster.
-- Example:    SELECT count() FROM journey(buyers_only = 1) WHERE converted

CREATE OR REPLACE VIEW footpath.journey AS
WITH
    entries[-1] AS final,
    arrayFilter(entry -> entry.is_touch, entries) AS touched
SELECT
    person_id,
    final.is_sale AS converted,
    final.event_id AS conversion_event_id,
    final.occurred_at AS ended_at,
    final.revenue AS revenue,
    CAST(
        arrayZip(touched.occurred_at, touched.channel),
        'Array(Tuple(occurred_at DateTime64(6, \'UTC\'), channel String))'
    ) AS touches
FROM
(
    SELECT
        person_id,
        arrayJoin(arrayReverseSplit(entry -> entry.is_sale, entries)) AS entries
    FROM
    (
        SELECT
            person_id,
            arraySort(groupArray(CAST(
                (occurred_at, key, is_sale, is_touch, channel, revenue, event_id),
                'Tuple(
                    occurred_at DateTime64(6, \'UTC\'), key UInt128, is_sale Bool, is_touch Bool, channel String,
                    revenue Decimal(18, 6), event_id String)'
            ))) AS entries
        FROM
        (
            SELECT
                person_id, occurred_at, _key AS key, false AS is_sale, true AS is_touch, channel,
                toDecimal64(0, 6) AS revenue, '' AS event_id
            FROM footpath.touchpoint AS event
            WHERE event.is_touch
                AND event.type != 'sale'
                AND ({buyers_only:UInt8} = 0 OR event.person_id IN (SELECT person_id FROM footpath.buyer))

            UNION ALL

            SELECT person_id, occurred_at, _key AS key, true AS is_sale, is_touch, channel, revenue, event_id
            FROM footpath.sale
        )
        GROUP BY person_id
    )
)
