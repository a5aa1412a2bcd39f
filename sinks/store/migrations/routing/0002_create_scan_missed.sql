-- Grain:     one scan that got its tag's fallback because no decision came in time
-- Source:    topic footpath.scan-missed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.scan_missed
(
    event_id      String                 COMMENT 'Derived from the scan.',
    scan_event_id String                 COMMENT 'The scan; the key of the topic.',
    tag           LowCardinality(String) COMMENT 'Tag that was scanned.',
    destination   String                 COMMENT 'The fallback that was served.',
    reason        LowCardinality(String) COMMENT 'late (no decision within the deadline) or unavailable (Kafka not reachable, scan spooled).',
    waited_ms     Float64                COMMENT 'How long the phone waited, in milliseconds.',
    occurred_at   DateTime64(6, 'UTC')   COMMENT 'When the scan happened (UTC, microseconds).',
    _key          UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition    Int32                  COMMENT 'Partition of the record in the topic.',
    _offset       Int64                  COMMENT 'Offset of the record in its partition.',
    _version      UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at   DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One scan that got its tag''s fallback because no decision came in time.';
