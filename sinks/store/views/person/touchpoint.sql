-- Grain:      one event; events that were sent twice or replayed count once
-- Sources:    touchpoint_identified, person_now, live_brand
-- Definition: person_id is the current person, after all merges and splits. channel is the event's own, else that of
--             the first line of the brand's channel grouping that matches its type, placement and campaign, else its
--             type. revenue is positive for a sale, negative for a return, 0 for all others. is_touch is whether
--             attribution counts the event: its type is one of the brand's touch types (a page_view only with a
--             campaign), or it is a sale with a channel of its own. An event_id is unique within its namespace; that of
--             a sender's key is the key's id unless the brand gives it another.
-- Example:    SELECT type, count() FROM touchpoint WHERE store = 'berlin-mitte' GROUP BY type

CREATE OR REPLACE VIEW footpath.touchpoint AS
WITH
    (SELECT (touch_types, channels) FROM footpath.live_brand) AS live,
    live.1 AS touch_types,
    live.2 AS grouping,
    arrayFilter(type -> type NOT IN ('page_view', 'sale', 'return'), touch_types) AS plain_types
SELECT
    event.event_id AS event_id,
    event.namespace AS namespace,
    coalesce(nullIf(now.current_person_id, toUUID('00000000-0000-0000-0000-000000000000')), event.person_id) AS person_id,
    event.type AS type,
    event.occurred_at AS occurred_at,
    event.received_at AS received_at,
    if(
        event.channel != '',
        event.channel,
        CAST(
            coalesce(
                nullIf(
                    arrayFirst(
                        line -> line.type IN ('', event.type)
                            AND line.placement IN ('', event.placement)
                            AND line.campaign IN ('', event.campaign),
                        grouping
                    ).channel,
                    ''
                ),
                event.type
            ),
            'LowCardinality(String)'
        )
    ) AS channel,
    event.campaign AS campaign,
    event.brand AS brand,
    event.store AS store,
    event.tag AS tag,
    event.placement AS placement,
    event.zone AS zone,
    event.product AS product,
    multiIf(
        event.type = 'sale', ifNull(event.amount, 0),
        event.type = 'return', -ifNull(event.amount, 0),
        toDecimal128(0, 6)
    ) AS revenue,
    event.currency AS currency,
    event.lines AS lines,
    event.related_event_id AS related_event_id,
    event.related_namespace AS related_namespace,
    has(plain_types, event.type)
        OR (event.type = 'page_view' AND event.campaign != '' AND has(touch_types, 'page_view'))
        OR (event.type = 'sale' AND event.channel != '') AS is_touch,
    event.source AS source,
    event.primary_identifier AS primary_identifier,
    event.identifiers AS identifiers,
    event.properties AS properties,
    event._key AS _key
FROM footpath.touchpoint_identified AS event FINAL
LEFT JOIN footpath.person_now AS now
    ON now.person_id = if(event.source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), event.person_id, event.source_profile_id)
