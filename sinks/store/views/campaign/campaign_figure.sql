-- Grain:      one campaign and placement with a cost or a credit (is_whole = 0); and one campaign as a whole (is_whole = 1)
-- Sources:    attribution_by, cost, live_brand, sale, uplift
-- Definition: cost is that of the days (UTC) that begin in the period, conversions and revenue are the credits of
--             attribution_by(by='campaign_placement') with the model; touches without a campaign are left out. Cost is
--             compared with revenue in the brand's currency; costs in other currencies are in other_costs by code, and
--             in no ratio. Costs without a placement are in the row with an empty placement and in that of the whole
--             campaign: use that one to evaluate a campaign whose costs do not name placements. Sums are right over the rows with one
--             is_whole; placement is empty where it is 1. n of every ratio is conversions. roi is (revenue - cost) /
--             cost. Intervals are of 95 %. That of roi takes conversions as Poisson and their revenue as distributed
--             like that of all sales of the period (the variance of a compound Poisson sum, on a logarithmic scale);
--             that of cost_per_conversion is Byar's for a Poisson count (Breslow and Day, Statistical methods in cancer
--             research II, 1987, p. 69). Both treat a shared conversion as a whole one, which makes them wider, never
--             narrower. incremental_conversions estimates, from the hold-out, how many would not have happened without
--             the decisions: conversions * (1 - 1 / ratio of rates in uplift, the horizon being lookback_days), the
--             interval being that of the ratio; null without a hold-out with buyers, never 0. The hold-out is of all
--             people: its share is the same for every campaign. cost_per_incremental_conversion is null where none is
--             incremental; a null bound means unbounded. All ratios are null without cost or credits.
-- Example:    SELECT * FROM campaign_figure(model='linear', lookback_days=90, since='2026-01-01', until='2027-01-01')

CREATE OR REPLACE VIEW footpath.campaign_figure AS
WITH
    (
        SELECT (since, until)
        FROM footpath.period(since = {since:String}, until = {until:String}, days = {lookback_days:Int64})
    ) AS period,
    1.959963984540054 AS z,
    if(cost = 0 OR conversions = 0, NULL, z * sqrt((1 + spread) / conversions)) AS log_error,
    pow(greatest(0, 1 - 1 / (9 * conversions) - z / (3 * sqrt(conversions))), 3) * conversions AS conversions_low,
    pow(1 - 1 / (9 * (conversions + 1)) + z / (3 * sqrt(conversions + 1)), 3) * (conversions + 1) AS conversions_high
SELECT
    campaign,
    is_whole,
    placement,
    cost,
    conversions,
    revenue,
    if(cost = 0, NULL, toFloat64(revenue) / toFloat64(cost) - 1) AS roi,
    (roi + 1) * exp(-log_error) - 1 AS roi_low,
    (roi + 1) * exp(log_error) - 1 AS roi_high,
    if(cost = 0 OR conversions = 0, NULL, toFloat64(cost) / conversions) AS cost_per_conversion,
    if(cost = 0 OR conversions = 0, NULL, toFloat64(cost) / conversions_high) AS cost_per_conversion_low,
    if(cost = 0 OR conversions = 0 OR conversions_low = 0, NULL, toFloat64(cost) / conversions_low) AS cost_per_conversion_high,
    conversions * (1 - 1 / (1 + lift)) AS incremental_conversions,
    conversions * (1 - 1 / (1 + lift_low)) AS incremental_low,
    conversions * (1 - 1 / (1 + lift_high)) AS incremental_high,
    if(cost > 0 AND incremental_conversions > 0, toFloat64(cost) / incremental_conversions, NULL) AS cost_per_incremental_conversion,
    if(cost > 0 AND incremental_conversions > 0, toFloat64(cost) / incremental_high, NULL) AS cost_per_incremental_low,
    if(cost > 0 AND incremental_low > 0, toFloat64(cost) / incremental_low, NULL) AS cost_per_incremental_high,
    other_costs
FROM
(
    SELECT
        campaign,
        place.1 AS is_whole,
        place.2 AS placement,
        sum(spent) AS cost,
        sumMap(spent_otherwise) AS other_costs,
        sum(part.conversions) AS conversions,
        sum(part.revenue) AS revenue
    FROM
    (
        SELECT
            splitByChar('\x1F', value)[1] AS campaign,
            splitByChar('\x1F', value)[2] AS placement,
            toDecimal128(0, 6) AS spent,
            CAST(map(), 'Map(String, Decimal(38, 6))') AS spent_otherwise,
            conversions,
            revenue
        FROM footpath.attribution_by(
            by = 'campaign_placement', model = {model:String}, lookback_days = {lookback_days:Int64},
            since = {since:String}, until = {until:String}
        )
        WHERE campaign != ''

        UNION ALL

        SELECT
            campaign,
            placement,
            if(is_own, amount, toDecimal128(0, 6)) AS spent,
            CAST(if(is_own, map(), map(toString(currency), amount)), 'Map(String, Decimal(38, 6))') AS spent_otherwise,
            0. AS conversions,
            toDecimal128(0, 6) AS revenue
        FROM
        (
            WITH (SELECT currency FROM footpath.live_brand) AS own_currency
            SELECT *, own_currency = '' OR stated.currency IN ('', own_currency) AS is_own
            FROM footpath.cost AS stated
        )
        WHERE toDateTime(day, 'UTC') >= period.1
            AND toDateTime(day, 'UTC') < period.2
    ) AS part
    ARRAY JOIN [(false, part.placement), (true, '')] AS place
    GROUP BY campaign, is_whole, placement
) AS valued
CROSS JOIN
(
    SELECT if(mean = 0, NULL, varPop(toFloat64(sale.own_revenue)) / pow(avg(toFloat64(sale.own_revenue)) AS mean, 2)) AS spread
    FROM footpath.sale AS sale
    WHERE occurred_at >= period.1
        AND occurred_at < period.2
) AS sold
CROSS JOIN
(
    SELECT lift, lift_low, lift_high
    FROM footpath.uplift(since = {since:String}, until = {until:String}, horizon_days = {lookback_days:Int64})
) AS held
ORDER BY campaign, is_whole DESC, placement
