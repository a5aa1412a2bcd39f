-- Grain:     one event on insert
-- Source:    table touchpoint_identified
-- Dedup key: none of its own; a replayed record gives the same row of touch again
-- Retention: stores nothing
-- After:     touchpoints
--
-- An event is its sender's namespace and id: both are in event_id and related_event_id of touch, with a slash between.

ALTER TABLE footpath.touch_feed MODIFY QUERY
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
    if(is_money, concat(event.namespace, if(event.namespace = '', '', '/'), event.event_id), '') AS event_id,
    concat(event.related_namespace, if(event.related_namespace = '', '', '/'), event.related_event_id) AS related_event_id,
    person_id,
    person_id != source_profile_id AS joined,
    _version
FROM footpath.touchpoint_identified AS event;
