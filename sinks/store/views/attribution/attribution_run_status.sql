-- Grain:      one question that footpath attribute answered, as in attribution_run_latest
-- Sources:    attribution_run_latest, touch
-- Definition: whether the newest run still speaks of the sales of today. sales_now are the sales of its period;
--             is_outdated when the run saw another number of them: it is older than a later sale. Run footpath
--             attribute again then. A return or a merge of people that came later does not show here.
-- Example:    SELECT model, by, since, until, computed_at, conversions, sales_now FROM attribution_run_status
--             WHERE is_outdated

CREATE OR REPLACE VIEW footpath.attribution_run_status AS
SELECT
    run.model AS model,
    run.by AS by,
    run.lookback_days AS lookback_days,
    run.since AS since,
    run.until AS until,
    run.computed_at AS computed_at,
    run.conversions AS conversions,
    counted.sales AS sales_now,
    toBool(sales_now != conversions) AS is_outdated
FROM footpath.attribution_run_latest AS run
LEFT JOIN
(
    SELECT
        period.since AS since,
        period.until AS until,
        uniqExact(sold.event_id) AS sales
    FROM (SELECT DISTINCT since, until FROM footpath.attribution_run_latest) AS period
    CROSS JOIN (SELECT event_id, occurred_at FROM footpath.touch WHERE is_money AND type = 'sale') AS sold
    WHERE sold.occurred_at >= period.since AND sold.occurred_at < period.until
    GROUP BY since, until
) AS counted ON counted.since = run.since AND counted.until = run.until
