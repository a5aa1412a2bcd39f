-- Grain:     one part of one processor's state that was transferred from one person to another
-- Source:    topic footpath.state-moved.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.state_moved
(
    event_id          String                 COMMENT 'Derived from processor, part, loser, winner and version.',
    processor         LowCardinality(String) COMMENT 'Processor that owns the state.',
    winner_person_id  UUID                   COMMENT 'Person that receives the state; the key of the topic.',
    loser_person_id   UUID                   COMMENT 'Person that the state was stored for.',
    state             String                 COMMENT 'The state as the processor stores it.',
    source_event_id   String                 COMMENT 'The identity-changed event that caused it.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When the causing change happened (UTC, microseconds).',
    source_profile_id UUID                   COMMENT 'Source profile of the part; zero for the whole state.',
    version           Int64                  COMMENT 'Grows with every transfer of source_profile_id; the highest is the current one.',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One part of one processor''s state that was transferred from one person to another.';
