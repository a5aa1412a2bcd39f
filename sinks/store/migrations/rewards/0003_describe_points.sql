-- Grain:     one entry of the points ledger
-- Source:    table reward_posted
-- Dedup key: event_id (as _key)
-- Retention: unlimited

ALTER TABLE footpath.reward_posted
    COMMENT COLUMN points 'Points: positive when earned; a reversal is negative, or positive where a later sale moved a booking to another sale, or a statement that arrived late gave back what another had taken.';
