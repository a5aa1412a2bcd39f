-- Grain:     one source profile that belongs, or once belonged, to another person
-- Source:    topic footpath.identity-changed.v1, changes merged and split (by identity_override_feed)
-- Dedup key: source_profile_id; the row with the highest version is kept
-- Retention: unlimited
--
-- The current person of a source profile is one look-up, whatever merged and split before: identity publishes a change for
-- every source profile whose person changed. View person_now reads this table.

CREATE TABLE IF NOT EXISTS footpath.identity_override
(
    source_profile_id UUID                 COMMENT 'The source profile.',
    current_person_id UUID                 COMMENT 'The person that it belongs to.',
    occurred_at       DateTime64(6, 'UTC') COMMENT 'When the touchpoint that caused the change happened (UTC, microseconds).',
    version           Int64                COMMENT 'Grows with every change of source_profile_id.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY source_profile_id
COMMENT 'One source profile that belongs, or once belonged, to another person.';
