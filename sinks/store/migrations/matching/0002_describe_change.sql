-- Grain:     one match that one block gave, one that ended, or one block that is oversized
-- Source:    topic footpath.identity-matched.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

ALTER TABLE footpath.identity_matched
    COMMENT COLUMN change 'matched; withdrawn, when one of the two withdrew the consent to be recognised (at occurred_at); or oversized: so many records share the block that none of its links counts.';
