-- Grain:     one run of a data-driven attribution model
-- Source:    footpath attribute (sinks/analysis/attribution)
-- Dedup key: run_id
-- Retention: for ever
--
-- The row is written last: a run is there as a whole or not at all. Of several runs of one question the newest counts.

CREATE TABLE IF NOT EXISTS footpath.attribution_run
(
    run_id        UUID                   COMMENT 'A random id.',
    computed_at   DateTime64(6, 'UTC')   COMMENT 'When its paths were read (UTC, microseconds).',
    model         LowCardinality(String) COMMENT 'markov_1, markov_2, markov_3, shapley, shapley_rate or predictive.',
    by            LowCardinality(String) COMMENT 'What is credited: channel, campaign, placement, store, tag or campaign_placement.',
    lookback_days UInt32                 COMMENT 'How old a touch may be when its path ends, in days.',
    since         DateTime64(6, 'UTC')   COMMENT 'Paths that ended then or later (UTC).',
    until         DateTime64(6, 'UTC')   COMMENT 'Paths that ended before (UTC).',
    code          UInt32                 COMMENT 'Version of the model''s arithmetic: raised whenever it gives other figures for the same paths.',
    paths         UInt64                 COMMENT 'Paths that the run has seen, with and without conversion.',
    conversions   UInt64                 COMMENT 'Those with a conversion.',
    revenue       Float64                COMMENT 'Their revenue net of returns, in the brand''s currency.',
    base_rate     Float64                COMMENT 'The model''s own probability that a path converts; Markov gives exactly conversions / paths.',
    skilled       Bool                   COMMENT 'Whether the model may claim credits; false for one that predicts no better than chance, which has none.',
    detail        String                 COMMENT 'What else is to be known, as JSON: reason, warnings, order and states; auc, auc_low, auc_high, brier, calibration.'
)
ENGINE = ReplacingMergeTree
ORDER BY run_id
COMMENT 'One run of a data-driven attribution model.';
