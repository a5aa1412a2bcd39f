-- Grain:      one path that ends within since <= ended_at < until: a person's touches after one conversion up to the
--             next, or up to now
-- Sources:    history
-- Definition: what path and attribution are made of. A path ends with a sale (_key is its event_id as a number, revenue
--             is net of returns), which is itself its last touch when it names a channel; the path after the last sale
--             is open. Only touches no older than lookback_days before the end are in it, in the order of time. labels
--             stand for their values in the dimension by, as touch_label tells; types for their types, as their places
--             in the sorted types of touches. The rest is as view history says.
-- Example:    SELECT count() FROM journey(by='channel', wanted=1, buyers_only=1, lookback_days=90, since='2026-01-01',
--             until='2027-01-01') WHERE converted

CREATE OR REPLACE VIEW footpath.journey AS
WITH
    way[-1] AS final,
    toUInt64(bitShiftRight(final, 200)) AS end,
    -- 2^200, and the number of microseconds of a day.
    toUInt256(greatest(end, {lookback_days:UInt32} * 86400000000) - {lookback_days:UInt32} * 86400000000)
        * toUInt256('1606938044258990275541962092341162602522202993782792835301376') AS oldest,
    arrayFilter(entry -> bitAnd(toUInt8(entry), 252) != 0 AND entry >= oldest, way) AS touched
SELECT
    person_id,
    toBool(bitTest(toUInt8(final), 0)) AS converted,
    toUInt128(bitShiftRight(final, 72)) AS _key,
    fromUnixTimestamp64Micro(toInt64(end) - toInt64(exp2(55)), 'UTC') AS ended_at,
    if(converted, net, 0) AS revenue,
    arrayMap(
        entry -> fromUnixTimestamp64Micro(toInt64(toUInt64(bitShiftRight(entry, 200))) - toInt64(exp2(55)), 'UTC'),
        touched
    ) AS touched_at,
    arrayMap(entry -> toUInt64(bitShiftRight(entry, 8)), touched) AS labels,
    arrayMap(entry -> bitShiftRight(toUInt8(entry), 2), touched) AS types,
    arrayMap(entry -> bitTest(toUInt8(entry), 1), touched) AS directs
FROM
(
    SELECT
        person_id,
        way,
        net
    FROM
    (
        SELECT
            person_id,
            arrayReverseSplit(entry -> bitTest(toUInt8(entry), 0), entries) AS ways,
            revenues
        FROM footpath.history(
            by = {by:String}, wanted = {wanted:UInt8}, touches = 1, buyers_only = {buyers_only:UInt8},
            lookback_days = {lookback_days:UInt32}, since = {since:String}, until = {until:String}
        )
    )
    ARRAY JOIN
        ways AS way,
        -- The way after the last sale has none.
        arrayResize(revenues, length(ways)) AS net
)
WHERE ended_at >= parseDateTime64BestEffort({since:String}, 6, 'UTC')
    AND ended_at < parseDateTime64BestEffort({until:String}, 6, 'UTC')
