-- Grain:     one entry of the points ledger
-- Source:    table reward_posted
-- Dedup key: event_id (as _key)
-- Retention: unlimited
--
-- Points are in lots, which expire; they are spent, and some of them cost a campaign's budget.

ALTER TABLE footpath.reward_posted
    ADD COLUMN IF NOT EXISTS lot String COMMENT 'Lot of the source profile that the points belong to, named by the second at which it expires in UTC; empty: the one that never does.' AFTER source_profile_id,
    ADD COLUMN IF NOT EXISTS campaign LowCardinality(String) COMMENT 'Campaign of the rule; empty for none.' AFTER lot,
    ADD COLUMN IF NOT EXISTS active_at DateTime64(6, 'UTC') COMMENT 'From when the points can be spent (UTC, microseconds); 1970: at once.' AFTER campaign,
    ADD COLUMN IF NOT EXISTS expires_at DateTime64(6, 'UTC') COMMENT 'When what is left of the lot expires (UTC, microseconds); 1970: never.' AFTER active_at,
    ADD COLUMN IF NOT EXISTS reason String COMMENT 'Why: an operator''s reason, or why a redemption was refused; empty otherwise.' AFTER expires_at,
    ADD COLUMN IF NOT EXISTS forgiven Int64 COMMENT 'Points of a reversal that are not taken back; negative: of those that it gives back so many had not been taken.' AFTER reason,
    ADD COLUMN IF NOT EXISTS claim_id String COMMENT 'Claim against a budget that paid for the points; empty for none.' AFTER forgiven,
    ADD COLUMN IF NOT EXISTS balance Int64 COMMENT 'Of an entry of a redemption, what its person could spend after the whole of it; 0 for all others.' AFTER claim_id;
