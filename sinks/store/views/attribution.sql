-- Grain:      one channel
-- Sources:    journey
-- Definition: every sale with since <= time < until shares one conversion, and its revenue net of returns, among the
--             touches of its path that are no older than lookback_days before it. Without any, it goes to channel direct:
--             credits always sum to the sales and to their revenue. Models:
--               first, last      all to the first or the last touch
--               last_non_direct  all to the last touch whose channel is not direct; to the last if all are
--               linear           the same to each of n touches: 1/n
--               time_decay       2^(-age / 168 hours), age being the time before the sale, in proportion
--               position         40 % first, 40 % last, 20 % shared by those between; one touch 1, two touches 50 % each
--             Any other name of a model is an error. since and until are dates or times in UTC.
-- Example:    SELECT * FROM attribution(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.attribution AS
WITH
    length(ages) AS n,
    arrayLastIndex(channel -> channel != 'direct', channels) AS non_direct,
    multiIf(
        {model:String} = 'first', arrayMap(i -> toFloat64(i = 1), arrayEnumerate(ages)),
        {model:String} = 'last', arrayMap(i -> toFloat64(i = n), arrayEnumerate(ages)),
        {model:String} = 'last_non_direct', arrayMap(i -> toFloat64(i = if(non_direct = 0, n, non_direct)), arrayEnumerate(ages)),
        {model:String} = 'linear', arrayMap(age -> 1., ages),
        -- Relative to the youngest touch, so that old paths keep their proportions.
        {model:String} = 'time_decay', arrayMap(age -> exp2((ages[-1] - age) / 168), ages),
        arrayMap(i -> multiIf(n <= 2, 1., i IN (1, n), 0.4, 0.2 / (n - 2)), arrayEnumerate(ages))
    ) AS weights
SELECT
    channel,
    sum(weight / arraySum(weights)) AS conversions,
    sum(weight / arraySum(weights) * toFloat64(revenue)) AS revenue
FROM
(
    SELECT
        revenue,
        arrayFilter(touch -> touch.occurred_at >= ended_at - toIntervalDay({lookback_days:UInt32}), touches) AS counted,
        if(empty(counted), ['direct'], counted.channel) AS channels,
        if(
            empty(counted),
            [0.],
            arrayMap(time -> dateDiff('microsecond', time, ended_at) / 3.6e9, counted.occurred_at)
        ) AS ages
    FROM footpath.journey(buyers_only = 1)
    WHERE converted
        AND ended_at >= parseDateTime64BestEffort({since:String}, 6, 'UTC')
        AND ended_at < parseDateTime64BestEffort({until:String}, 6, 'UTC')
)
ARRAY JOIN
    channels AS channel,
    weights AS weight
-- A scalar subquery is evaluated before anything is read.
WHERE NOT (
    SELECT throwIf(
        {model:String} NOT IN ('first', 'last', 'last_non_direct', 'linear', 'time_decay', 'position'),
        'attribution: model must be first, last, last_non_direct, linear, time_decay or position'
    )
)
GROUP BY channel
ORDER BY conversions DESC, channel
