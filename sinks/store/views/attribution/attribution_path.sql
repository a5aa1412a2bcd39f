-- Grain:      one path that ends within since <= ended_at < until: a person's touches after one conversion up to the
--             next, or up to now
-- Sources:    person_history
-- Definition: the base of path and attribution. A path ends with a sale (_key is its event_id as a number, revenue is
--             net of returns, 0 in currencies other than the brand's), which is itself the last touch when it names a
--             channel; the path after the last sale is open. It has the touches no older than lookback_days before its
--             end, in the order of time; a touch at the time of a sale comes before it. labels stand for the touches'
--             values in the dimension by, see touch_label, end_label for those of the event at its end; types for their event types, as positions in the sorted
--             touch types. For buyers_only and wanted see person_history.
-- Example:    SELECT count() FROM attribution_path(by='channel', wanted=1, buyers_only=1, lookback_days=90,
--             since='2026-01-01', until='2027-01-01') WHERE converted

CREATE OR REPLACE VIEW footpath.attribution_path AS
WITH
    (
        SELECT (since, until)
        FROM footpath.period(since = {since:String}, until = {until:String}, days = {lookback_days:Int64})
    ) AS period,
    steps[-1] AS final,
    toUInt64(bitShiftRight(final, 201)) AS end,
    -- 2^201, and the number of microseconds of a day.
    toUInt256(greatest(end, {lookback_days:Int64} * 86400000000) - {lookback_days:Int64} * 86400000000)
        * toUInt256('3213876088517980551083924184682325205044405987565585670602752') AS oldest,
    arrayFilter(entry -> bitAnd(toUInt8(entry), 252) != 0 AND entry >= oldest, steps) AS touched
SELECT
    person_id,
    toBool(bitTest(toUInt8(final), 0)) AS converted,
    toUInt128(bitShiftRight(final, 72)) AS _key,
    fromUnixTimestamp64Micro(toInt64(end) - toInt64(exp2(52)), 'UTC') AS ended_at,
    toUInt64(bitShiftRight(final, 8)) AS end_label,
    toDecimal128(if(converted, net, 0), 6) AS revenue,
    arrayMap(
        entry -> fromUnixTimestamp64Micro(toInt64(toUInt64(bitShiftRight(entry, 201))) - toInt64(exp2(52)), 'UTC'),
        touched
    ) AS touched_at,
    arrayMap(entry -> toUInt64(bitShiftRight(entry, 8)), touched) AS labels,
    arrayMap(entry -> bitShiftRight(toUInt8(entry), 2), touched) AS types,
    arrayMap(entry -> bitTest(toUInt8(entry), 1), touched) AS directs
FROM
(
    SELECT
        person_id,
        steps,
        net
    FROM
    (
        SELECT
            person_id,
            arrayReverseSplit(entry -> bitTest(toUInt8(entry), 0), entries) AS paths,
            own_revenues AS revenues
        FROM footpath.person_history(
            by = {by:String}, wanted = {wanted:UInt8}, touches = 1, buyers_only = {buyers_only:UInt8},
            lookback_days = {lookback_days:Int64}, since = {since:String}, until = {until:String}
        )
    )
    ARRAY JOIN
        paths AS steps,
        -- The open path after the last sale has no revenue.
        arrayResize(revenues, length(paths)) AS net
)
WHERE ended_at >= period.1 AND ended_at < period.2
