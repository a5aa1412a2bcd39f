-- Grain:      one question that footpath attribute answered: model, dimension, look-back and period
-- Sources:    attribution_run
-- Definition: its newest run, which attribution and attribution_by serve. A run with skilled = 0 has no credits; detail
--             has the reason (as JSON, with warnings, AUC and calibration).
-- Example:    SELECT model, by, computed_at, conversions, base_rate, skilled, detail FROM attribution_run_latest

CREATE OR REPLACE VIEW footpath.attribution_run_latest AS
SELECT *
FROM footpath.attribution_run FINAL
ORDER BY computed_at DESC, run_id
LIMIT 1 BY model, by, lookback_days, since, until
