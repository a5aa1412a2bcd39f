-- Grain:      one value of a dimension
-- Sources:    attribution_rule, attribution_credit_latest, attribution_run_latest
-- Definition: every sale with since <= time < until distributes one conversion, and its revenue net of returns, over
--             the touches of its path that are no older than lookback_days before it: credits always sum to the sales
--             and to their revenue. value is the touch's value in the dimension by: channel, campaign, placement,
--             store, tag, or campaign_placement (both joined by the unit separator char(31)); empty when the touch has
--             none. A sale without any touch goes to direct (by channel) or to the empty value. view period says
--             how since and until are written. Models:
--               first, last      all to the first or the last touch
--               last_non_direct  all to the last touch whose channel is not direct; to the last if all are
--               linear           the same to each of n touches: 1/n
--               time_decay       2^(-age / 168 hours), age being the time before the sale, in proportion
--               position         40 % first, 40 % last, 20 % divided among those between; one touch 1, two 50 % each
--               markov_1, markov_2, markov_3, shapley, shapley_rate, predictive
--                                the credits of the newest run of footpath attribute for exactly this dimension,
--                                look-back and period; an error when there was no run
--             Any other model name is an error.
-- Example:    SELECT * FROM attribution_by(by='campaign', model='linear', lookback_days=90, since='2026-01-01',
--             until='2027-01-01')

CREATE OR REPLACE VIEW footpath.attribution_by AS
WITH (
    SELECT (since, until)
    FROM footpath.period(since = {since:String}, until = {until:String}, days = {lookback_days:Int64})
) AS period
SELECT
    value,
    conversions,
    revenue
FROM
(
    SELECT value, conversions, revenue
    FROM footpath.attribution_rule(
        wanted = ({model:String} IN ('first', 'last', 'last_non_direct', 'linear', 'time_decay', 'position')),
        by = {by:String}, model = {model:String}, lookback_days = {lookback_days:Int64},
        since = {since:String}, until = {until:String}
    )

    UNION ALL

    -- To the nearest millionth.
    SELECT value, conversions, toDecimal128(credit.revenue + if(credit.revenue < 0, -5e-7, 5e-7), 6) AS revenue
    FROM footpath.attribution_credit_latest AS credit
    WHERE {model:String} IN ('markov_1', 'markov_2', 'markov_3', 'shapley', 'shapley_rate', 'predictive')
        AND model = {model:String}
        AND by = {by:String}
        AND lookback_days = {lookback_days:Int64}
        AND since = period.1
        AND until = period.2
)
-- ClickHouse evaluates scalar subqueries before it reads any table.
WHERE NOT (
    SELECT throwIf(
        {model:String} NOT IN (
            'first', 'last', 'last_non_direct', 'linear', 'time_decay', 'position',
            'markov_1', 'markov_2', 'markov_3', 'shapley', 'shapley_rate', 'predictive'
        ),
        concat(
            'attribution: model must be first, last, last_non_direct, linear, time_decay, position, ',
            'markov_1, markov_2, markov_3, shapley, shapley_rate or predictive'
        )
    )
)
    AND NOT (
        SELECT throwIf(
                {model:String} IN ('markov_1', 'markov_2', 'markov_3', 'shapley', 'shapley_rate', 'predictive')
                    AND count() = 0,
                concat(
                    'attribution: this model has no run for this dimension, look-back and period yet; ',
                    'run: footpath attribute --model ', {model:String}, ' --by ', {by:String},
                    ' --lookback-days ', toString({lookback_days:Int64}),
                    ' --since "', {since:String}, '" --until "', {until:String}, '"'
                )
            )
            OR throwIf(
                countIf(NOT skilled) > 0,
                concat(
                    'attribution: this model has no credits for this dimension, look-back and period: it had too few ',
                    'paths to be tested, or predicted no better than chance; see detail in attribution_run_latest'
                )
            )
        FROM footpath.attribution_run_latest
        WHERE model = {model:String}
            AND by = {by:String}
            AND lookback_days = {lookback_days:Int64}
            AND since = period.1
            AND until = period.2
    )
ORDER BY conversions DESC, value
