-- Grain:     one event on insert
-- Source:    table touchpoint_identified
-- Dedup key: none of its own; a replayed record gives the same row of touch again
-- Retention: stores nothing
-- After:     touchpoints

CREATE MATERIALIZED VIEW IF NOT EXISTS footpath.touch_feed
TO footpath.touch
AS
SELECT
    type IN ('sale', 'return') AS is_money,
    if(event.source_profile_id = toUUID('00000000-0000-0000-0000-000000000000'), event.person_id, event.source_profile_id) AS source_profile_id,
    occurred_at,
    _key,
    sipHash64(type, channel, campaign, placement) AS class,
    type,
    channel,
    campaign,
    placement,
    store,
    tag,
    if(is_money, ifNull(event.amount, 0), 0) AS amount,
    currency,
    if(is_money, event.event_id, '') AS event_id,
    related_event_id,
    person_id,
    person_id != source_profile_id AS joined,
    _version
FROM footpath.touchpoint_identified AS event;
