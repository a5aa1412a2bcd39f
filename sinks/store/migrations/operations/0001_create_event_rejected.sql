-- Grain:     one event that was rejected
-- Source:    topic footpath.event-rejected.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.event_rejected
(
    event_id        String                 COMMENT 'Derived from the origin of the bytes, so a replay gives the same id; the key of the topic.',
    stage           LowCardinality(String) COMMENT 'What rejected it: gateway, identity, context, rewards, matching or sink.',
    reason          LowCardinality(String) COMMENT 'Typed reason: invalid, undecodable, unknown_schema, … (schemas/reasons.py).',
    detail          String                 COMMENT 'What exactly is wrong, in words; names the field.',
    field           LowCardinality(String) COMMENT 'Path of the field at fault; empty when there is none.',
    source_event_id String                 COMMENT 'The event''s own id where it could be read.',
    fingerprint     LowCardinality(String) COMMENT 'Schema fingerprint of the bytes as 16 hex digits; empty when they carry none.',
    raw             String                 COMMENT 'The bytes as received; from the HTTP API with identifiers already replaced by their hashes.',
    topic           LowCardinality(String) COMMENT 'Topic of the record; empty for HTTP.',
    partition       Int32                  COMMENT 'Partition in that topic; -1 for HTTP.',
    offset          Int64                  COMMENT 'Offset in that partition; -1 for HTTP.',
    occurred_at     DateTime64(6, 'UTC')   COMMENT 'When the bytes were produced or received (UTC, microseconds).',
    _key            UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition      Int32                  COMMENT 'Partition of the record in the topic.',
    _offset         Int64                  COMMENT 'Offset of the record in its partition.',
    _version        UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One event that was rejected.';
