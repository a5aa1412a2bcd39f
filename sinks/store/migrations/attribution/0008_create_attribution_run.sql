-- Grain:     one model run: one dated training of a data-driven attribution model
-- Source:    footpath attribute (sinks/analysis/attribution)
-- Dedup key: run_id
-- Retention: unlimited
--
-- The row is written last: a run is visible as a whole or not at all. Of several runs for one question the newest counts.

CREATE TABLE IF NOT EXISTS footpath.attribution_run
(
    run_id        UUID                   COMMENT 'A random id.',
    computed_at   DateTime64(6, 'UTC')   COMMENT 'When its paths were read (UTC, microseconds).',
    model         LowCardinality(String) COMMENT 'markov_1, markov_2, markov_3, shapley, shapley_rate or predictive.',
    by            LowCardinality(String) COMMENT 'What is credited: channel, campaign, placement, store, tag or campaign_placement.',
    lookback_days UInt32                 COMMENT 'Maximum age of a touch when its path ends, in days.',
    since         DateTime64(6, 'UTC')   COMMENT 'Paths that ended at this time or later (UTC).',
    until         DateTime64(6, 'UTC')   COMMENT 'Paths that ended before this time (UTC).',
    code          UInt32                 COMMENT 'Version of the model''s computation: raised whenever the same paths would give other figures.',
    paths         UInt64                 COMMENT 'Number of paths, with and without conversion.',
    conversions   UInt64                 COMMENT 'Number of paths with a conversion.',
    revenue       Float64                COMMENT 'Their revenue net of returns, in the brand''s currency.',
    base_rate     Float64                COMMENT 'The model''s own probability that a path converts; for Markov exactly conversions / paths.',
    skilled       Bool                   COMMENT 'Whether the model predicts better than chance; a model that does not has no credits.',
    detail        String                 COMMENT 'Further results as JSON: reason, warnings, order and states; auc, auc_low, auc_high, brier, calibration.'
)
ENGINE = ReplacingMergeTree
ORDER BY run_id
COMMENT 'One model run: one dated training of a data-driven attribution model.';
