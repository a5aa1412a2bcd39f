-- Grain:     one own person (what an identifier is on its own) that belongs, or once belonged, to another
-- Source:    topic footpath.identity-changed.v1, changes of kind merged and split (by identity_override_feed)
-- Dedup key: own_person_id; the highest version counts
-- Retention: for ever
--
-- Who an own person belongs to now is one look-up, whatever merged and split before: identity tells every own person
-- anew whenever its name changes. Only rows of version 0, from before identity did that, are steps to be followed: A went
-- into B, and B later into C. The view person_now knows both. What was in the table comes back from identity_changed.

CREATE OR REPLACE TABLE footpath.identity_override
(
    own_person_id     UUID                 COMMENT 'The person that an identifier is on its own.',
    current_person_id UUID                 COMMENT 'The person that it belongs to.',
    occurred_at       DateTime64(6, 'UTC') COMMENT 'When the touchpoint happened that changed it (UTC, microseconds).',
    version           Int64                COMMENT 'Grows with every change of own_person_id; 0 for a step of before.'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY own_person_id
COMMENT 'One own person that belongs, or once belonged, to another.';
