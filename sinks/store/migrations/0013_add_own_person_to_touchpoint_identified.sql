-- Grain:     one touchpoint with the person known when it passed
-- Source:    topic footpath.touchpoint-identified.v1, since revision v1.1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

ALTER TABLE footpath.touchpoint_identified
    ADD COLUMN IF NOT EXISTS own_person_id UUID COMMENT 'The person that the anchor is on its own, whomever it was joined with: what a split gives back; zero before v1.1, where it is person_id.' AFTER person_id;
