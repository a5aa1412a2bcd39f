-- Grain:     one change of a person (appeared, merged, split, erased) or of an edge (linked, refused, unlinked)
-- Source:    topic footpath.identity-changed.v1, since revision v1.1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

ALTER TABLE footpath.identity_changed
    ADD COLUMN IF NOT EXISTS own_person_id    UUID                   COMMENT 'Who moved: the person that one identifier is on its own; zero for an edge, and before v1.1, where it is person_id.' AFTER occurred_at,
    ADD COLUMN IF NOT EXISTS version          Int64                  COMMENT 'Grows with every change of the same own_person_id, or of the same edge; the highest is the one that holds; 0 before v1.1.' AFTER own_person_id,
    ADD COLUMN IF NOT EXISTS other_identifier String                 COMMENT 'The other end of an edge, as type:hash; empty for a person.' AFTER version,
    ADD COLUMN IF NOT EXISTS reason           LowCardinality(String) COMMENT 'Why an edge was refused (schemas/reasons.py); empty otherwise.' AFTER other_identifier,
    COMMENT COLUMN change 'appeared, merged, split, erased; linked, refused, unlinked.',
    COMMENT COLUMN person_id 'The person that changed, until then responsible for own_person_id; of an edge the person of identifier. The key of the topic.',
    COMMENT COLUMN into_person_id 'The person that own_person_id belongs to from then on; zero unless merged or split.';
