-- Grain:     one event of one person at one time, as attribution reads it
-- Source:    table touchpoint_identified, rows inserted before touch_feed existed
-- Dedup key: is_money, source_profile_id, occurred_at and _key; rows that the feed has written too are the same rows
-- Retention: unlimited
-- After:     touchpoints
--
-- The sink may insert rows between the creation of touchpoint_identified and that of the feed; this statement adds them.

INSERT INTO footpath.touch
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
