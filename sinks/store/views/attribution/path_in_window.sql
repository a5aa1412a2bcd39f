-- Grain:      one path, converted or open, that ends within since <= ended_at < until
-- Sources:    attribution_path_in_window, touch_label, live_class
-- Definition: the input of attribution models. A converted path ends with its sale (revenue net of returns), an open
--             one, which no sale follows, with its last touch. steps are the values, in the dimension by, of the
--             touches no older than lookback_days before the end, in the order of time; ages_h are their hours before
--             the end, types their event types. A sale without any such touch has one placeholder step of type none:
--             direct by channel, empty otherwise. by is channel, campaign, placement, store, tag, or
--             campaign_placement, both joined by the unit separator char(31). View period says how since and
--             until are written.
-- Example:    SELECT converted, count() FROM path_in_window(by='channel', lookback_days=90, since='2026-01-01',
--             until='2027-01-01') GROUP BY converted

CREATE OR REPLACE VIEW footpath.path_in_window AS
WITH
    -- The first pair is the label of the placeholder touch; transform does not accept empty lists.
    (
        SELECT (
            arrayConcat([toUInt64(0)], groupArray(label)),
            arrayConcat(
                [multiIf({by:String} = 'channel', 'direct', {by:String} = 'campaign_placement', char(31), '')],
                groupArray(value)
            )
        )
        FROM footpath.touch_label(by = {by:String})
    ) AS naming,
    (
        SELECT arrayConcat(['none'], arraySort(groupUniqArray(type)))
        FROM footpath.live_class
        WHERE is_touch
    ) AS types_of_touches
SELECT
    person_id,
    converted,
    ended_at,
    revenue,
    arrayMap(label -> transform(label, naming.1, naming.2, ''), labels) AS steps,
    ages_h,
    arrayMap(type -> types_of_touches[type + 1], path.types) AS types
FROM footpath.attribution_path_in_window(
    by = {by:String}, wanted = 1, buyers_only = 0, lookback_days = {lookback_days:Int64},
    since = {since:String}, until = {until:String}
) AS path
