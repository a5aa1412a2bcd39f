-- Grain:     one value of one model run
-- Source:    footpath attribute (sinks/analysis/attribution)
-- Dedup key: run_id and value
-- Retention: unlimited
--
-- Written before the row of attribution_run: credits without a row there belong to a run that did not complete.

CREATE TABLE IF NOT EXISTS footpath.attribution_credit
(
    run_id      UUID    COMMENT 'The model run, see attribution_run.',
    value       String  COMMENT 'What is credited: a channel, campaign, placement, store, tag, or campaign and placement joined by a unit separator.',
    conversions Float64 COMMENT 'Its share of the conversions of the run; the shares sum to them.',
    revenue     Float64 COMMENT 'Its share of the revenue net of returns, in the brand''s currency; the shares sum to it.',
    effect      Float64 COMMENT 'What the share is computed from. Markov: removal effect, 0 to 1. Shapley: Shapley value in conversions, shapley_rate: in conversion rate. Predictive: conversions that would be missing without the value.',
    touches     UInt64  COMMENT 'Number of path steps with this value.'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, value)
COMMENT 'One value of one model run.';
