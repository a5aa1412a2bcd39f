-- Grain:      one value of the newest run of one question: model, dimension, look-back and period
-- Sources:    attribution_run_latest, attribution_credit
-- Definition: the credits of the data-driven models of footpath attribute, for all questions at once; attribution and
--             attribution_by serve one of them. The conversions of a run sum to all conversions of its paths, and so
--             does revenue; both are as the model computed them. effect is what the shares are computed from, see attribution_credit.
-- Example:    SELECT model, value, conversions, revenue FROM attribution_credit_latest WHERE by = 'channel' ORDER BY
--             model, conversions DESC

CREATE OR REPLACE VIEW footpath.attribution_credit_latest AS
SELECT
    run.model AS model,
    run.by AS by,
    run.lookback_days AS lookback_days,
    run.since AS since,
    run.until AS until,
    run.run_id AS run_id,
    run.computed_at AS computed_at,
    credit.value AS value,
    credit.conversions AS conversions,
    credit.revenue AS revenue,
    credit.effect AS effect,
    credit.touches AS touches
FROM footpath.attribution_credit AS credit FINAL
INNER JOIN footpath.attribution_run_latest AS run ON run.run_id = credit.run_id
