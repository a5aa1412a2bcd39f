-- Grain:     one entry of the points ledger
-- Source:    topic footpath.reward-posted.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.reward_posted
(
    event_id          String                 COMMENT 'Derived from rule, source profile and source event, for a reversal of a return that names no sale also from the reversed entry and a count: no entry is posted twice.',
    person_id         UUID                   COMMENT 'Person of the ledger when the entry was posted; the key of the topic.',
    kind              LowCardinality(String) COMMENT 'earned or reversed.',
    points            Int64                  COMMENT 'Points: positive when earned; a reversal is negative, or positive where a later sale moved a booking to another sale.',
    rule              LowCardinality(String) COMMENT 'Reward rule that posted the entry.',
    rule_version      Int32                  COMMENT 'Version of that rule.',
    source_event_id   String                 COMMENT 'Touchpoint that caused the entry.',
    reverses_event_id String                 COMMENT 'Entry that a reversal cancels; empty otherwise.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When the source event happened (UTC, microseconds).',
    source_profile_id UUID                   COMMENT 'The source profile that earned the points: it decides whose the entry is after a split. Zero: the same as person_id.',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One entry of the points ledger.';
