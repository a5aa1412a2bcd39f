-- Grain:     one value of one run of a data-driven model
-- Source:    footpath attribute (sinks/analysis/attribution)
-- Dedup key: run_id and value
-- Retention: for ever
--
-- Written before its row of attribution_run: credits whose run is not there belong to a run that did not end.

CREATE TABLE IF NOT EXISTS footpath.attribution_credit
(
    run_id      UUID    COMMENT 'The run, see attribution_run.',
    value       String  COMMENT 'What is credited: a channel, campaign, placement, store, tag, or campaign and placement with a unit separator between.',
    conversions Float64 COMMENT 'Its part of the conversions of the run; all parts sum to them.',
    revenue     Float64 COMMENT 'Its part of the revenue net of returns, in the brand''s currency; all parts sum to it.',
    effect      Float64 COMMENT 'What the part is made from. Markov: removal effect, 0 to 1. Shapley: Shapley value in conversions, shapley_rate: in conversion rate. Predictive: conversions that would be missing without it.',
    touches     UInt64  COMMENT 'How many steps of the paths have this value.'
)
ENGINE = ReplacingMergeTree
ORDER BY (run_id, value)
COMMENT 'One value of one run of a data-driven model.';
