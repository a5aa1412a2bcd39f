-- Grain:     one entry of the points ledger
-- Source:    topic footpath.reward-posted.v1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

CREATE TABLE IF NOT EXISTS footpath.reward_posted
(
    event_id          String                 COMMENT 'Derived from rule, person and source event: the same reward is never posted twice.',
    person_id         UUID                   COMMENT 'Person whose ledger it is; the key of the topic.',
    kind              LowCardinality(String) COMMENT 'earned or reversed.',
    points            Int64                  COMMENT 'Points: positive when earned, negative when reversed.',
    rule              LowCardinality(String) COMMENT 'Reward rule that posted it.',
    rule_version      Int32                  COMMENT 'Version of that rule.',
    source_event_id   String                 COMMENT 'Touchpoint that caused it.',
    reverses_event_id String                 COMMENT 'Entry that a reversal takes back; empty otherwise.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When the source event happened (UTC, microseconds).',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the topic that the row came from.',
    _offset           Int64                  COMMENT 'Offset in that partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which wins.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was written here (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One entry of the points ledger.';
