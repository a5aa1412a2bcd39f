-- Grain:     one entry of the points ledger
-- Source:    topic footpath.reward-posted.v1, since revision v1.1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

ALTER TABLE footpath.reward_posted
    ADD COLUMN IF NOT EXISTS own_person_id UUID COMMENT 'The person that the earning event''s anchor is on its own: where the entry goes when people split; zero before v1.1, where it is person_id.' AFTER occurred_at;
