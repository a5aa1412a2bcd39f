-- Grain:     one erased source profile
-- Source:    topic profile-erased
-- Dedup key: source_profile_id and event_id (as _key); of several records the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.profile_erased
(
    event_id          String               COMMENT 'Derived from the request and the source profile.',
    request_id        String               COMMENT 'The request that asked for it.',
    person_id         UUID                 COMMENT 'The person that the source profile belonged to; the key of the topic.',
    source_profile_id UUID                 COMMENT 'The source profile. No table has rows of it any more.',
    identifier        String               COMMENT 'Its identifier as type:hash. No table has it any more, and what still comes with it is stored without it.',
    occurred_at       DateTime64(6, 'UTC') COMMENT 'When the request was made (UTC, microseconds).',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                COMMENT 'Partition of the record in the topic.',
    _offset           Int64                COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (source_profile_id, _key)
COMMENT 'One erased source profile, with its dead identifier.';
