-- Grain:     one event that was rejected
-- Source:    table event_rejected, whose column raw holds protected bytes
-- Dedup key: event_id (as _key)
-- Retention: unlimited

ALTER TABLE footpath.event_rejected
    COMMENT COLUMN raw 'The bytes as received, encrypted (schemas/protection/cipher.py); footpath replay rejected reads them.';
