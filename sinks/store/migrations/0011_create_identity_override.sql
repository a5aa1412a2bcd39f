-- Grain:     one person that was merged into another
-- Source:    topic footpath.identity-changed.v1, changes of kind merged (by identity_override_feed)
-- Dedup key: person_id; the change written last counts
-- Retention: for ever
--
-- One step a row, as it was published: that A went into B stays true when B goes into C later.
-- The view person_now follows the steps to the person of today.

CREATE TABLE IF NOT EXISTS footpath.identity_override
(
    person_id      UUID                COMMENT 'An earlier person.',
    into_person_id UUID                COMMENT 'The person that it was merged into.',
    occurred_at    DateTime64(6, 'UTC') COMMENT 'When the merging touchpoint happened (UTC, microseconds).',
    version        UInt64              COMMENT 'Grows with the place of the change in its topic; the highest wins.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY person_id
COMMENT 'One person that was merged into another.';
