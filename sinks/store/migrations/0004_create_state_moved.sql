-- Grain:     one processor's state moved to the person that took a merged one over
-- Source:    topic footpath.state-moved.v1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

CREATE TABLE IF NOT EXISTS footpath.state_moved
(
    event_id         String                 COMMENT 'Derived from processor, loser and winner.',
    processor        LowCardinality(String) COMMENT 'Processor that owns the state.',
    winner_person_id UUID                   COMMENT 'Person that takes the state over; the key of the topic.',
    loser_person_id  UUID                   COMMENT 'Person that the state was kept for.',
    state            String                 COMMENT 'The state as the processor stores it.',
    source_event_id  String                 COMMENT 'The identity-changed event that caused it.',
    occurred_at      DateTime64(6, 'UTC')   COMMENT 'When the causing change happened (UTC, microseconds).',
    _key             UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition       Int32                  COMMENT 'Partition of the topic that the row came from.',
    _offset          Int64                  COMMENT 'Offset in that partition.',
    _version         UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which wins.',
    inserted_at      DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was written here (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One processor''s state moved to the person that took a merged one over.';
