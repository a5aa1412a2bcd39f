-- Grain:      one day of sales, by the store of the sale and by everything that a touch of their paths has: model, channel,
--             campaign, placement, store, tag
-- Sources:    attribution_path, touch, live_class
-- Definition: the rule-based models of attribution_by over all time, with a look-back of 90 days, as one view with a time
--             axis and columns to filter by. day is that of the sale (UTC): toMonday(day), toStartOfMonth(day) and others
--             make larger periods. sale_store is where it was bought; all others are those of the credited touch, channel
--             direct and the rest empty for a sale without any. Always filter or group by model: each of first, last,
--             last_non_direct, linear, time_decay and position gives the credits of all sales. They sum to the sales and
--             to their revenue (net of returns, in the brand's currency) in every model.
-- Example:    SELECT toMonday(day) AS week, channel, sum(conversions), sum(revenue) FROM attribution_daily WHERE model =
--             'linear' AND store = 'berlin-mitte' AND campaign != '' GROUP BY week, channel ORDER BY week, channel

CREATE OR REPLACE VIEW footpath.attribution_daily AS
SELECT
    credit.day AS day,
    ended.store AS sale_store,
    credit.model AS model,
    if(touched.label = 0, 'direct', named.channel) AS channel,
    named.campaign AS campaign,
    named.placement AS placement,
    touched.store AS store,
    touched.tag AS tag,
    sum(credit.conversions) AS conversions,
    -- To the nearest millionth.
    toDecimal128(sum(credit.revenue) + if(sum(credit.revenue) < 0, -5e-7, 5e-7), 6) AS revenue
FROM
(
    SELECT
        day,
        end_label,
        label,
        weighted.1 AS model,
        sum(weight / arraySum(weighted.2)) AS conversions,
        sum(weight / arraySum(weighted.2) * toFloat64(path.revenue)) AS revenue
    FROM
    (
        WITH
            if(empty(found.labels), [toUInt64(0)], found.labels) AS steps,
            if(empty(found.labels), [found.ended_at], found.touched_at) AS times,
            length(steps) AS n,
            arrayLastIndex(is_direct -> NOT is_direct, found.directs) AS non_direct
        SELECT
            toDate(found.ended_at, 'UTC') AS day,
            found.end_label AS end_label,
            found.revenue AS revenue,
            steps AS labels,
            -- As in attribution_rule.
            [
                ('first', arrayMap(i -> toFloat64(i = 1), arrayEnumerate(steps))),
                ('last', arrayMap(i -> toFloat64(i = n), arrayEnumerate(steps))),
                ('last_non_direct', arrayMap(i -> toFloat64(i = if(non_direct = 0, n, non_direct)), arrayEnumerate(steps))),
                ('linear', arrayMap(i -> 1., arrayEnumerate(steps))),
                ('time_decay', arrayMap(time -> exp2(dateDiff('microsecond', times[-1], time) / 3.6e9 / 168), times)),
                ('position', arrayMap(i -> multiIf(n <= 2, 1., i IN (1, n), 0.4, 0.2 / (n - 2)), arrayEnumerate(steps)))
            ] AS models
        FROM footpath.attribution_path(
            by = 'everything', wanted = 1, buyers_only = 1, lookback_days = 90, since = '1900-01-01', until = '2299-12-31'
        ) AS found
        WHERE found.converted
    ) AS path
    ARRAY JOIN path.models AS weighted
    ARRAY JOIN
        path.labels AS label,
        weighted.2 AS weight
    GROUP BY day, end_label, label, model
) AS credit
LEFT ANY JOIN
(
    SELECT DISTINCT sipHash64(class, store, tag) AS label, class, store, tag FROM footpath.touch
) AS touched ON touched.label = credit.label
LEFT ANY JOIN footpath.live_class AS named ON named.class = touched.class
LEFT ANY JOIN
(
    SELECT DISTINCT sipHash64(class, store, tag) AS label, store FROM footpath.touch WHERE is_money
) AS ended ON ended.label = credit.end_label
GROUP BY day, sale_store, model, channel, campaign, placement, store, tag
