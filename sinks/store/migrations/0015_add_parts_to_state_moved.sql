-- Grain:     one part of one processor's state on its way from one person to another
-- Source:    topic footpath.state-moved.v1, since revision v1.1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

ALTER TABLE footpath.state_moved
    ADD COLUMN IF NOT EXISTS own_person_id UUID  COMMENT 'Whose part of the state it is; zero for all of it.' AFTER occurred_at,
    ADD COLUMN IF NOT EXISTS version       Int64 COMMENT 'Grows with every move of own_person_id; the highest is the one that holds; 0 before v1.1.' AFTER own_person_id;
