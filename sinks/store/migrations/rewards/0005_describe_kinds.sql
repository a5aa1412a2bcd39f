-- Grain:     one entry of the points ledger
-- Source:    table reward_posted
-- Dedup key: event_id (as _key)
-- Retention: unlimited

ALTER TABLE footpath.reward_posted
    COMMENT COLUMN kind 'earned, reversed (by a return or a statement), spent, refused (a redemption: 0 points), returned (a redemption), expired, adjusted (by an operator), transferred, or repaid (points of one lot paid what another owed).';
