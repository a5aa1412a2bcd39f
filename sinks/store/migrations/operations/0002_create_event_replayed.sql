-- Grain:     one rejected event that was replayed through later code
-- Source:    topic footpath.event-replayed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.event_replayed
(
    event_id          String                 COMMENT 'Derived from the other ids and the outcome, so a repeated replay gives the same id.',
    reject_event_id   String                 COMMENT 'The event of event_rejected that was replayed; the key of the topic.',
    replayed_event_id String                 COMMENT 'Id of the event itself, the same in every replay.',
    outcome           LowCardinality(String) COMMENT 'accepted or duplicate (events API), published (on its topic), stored (in its table), refused (rejected again: a later reject of the same event took its place).',
    stage             LowCardinality(String) COMMENT 'What had rejected the event.',
    reason            LowCardinality(String) COMMENT 'Why it had been rejected.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When it was replayed (UTC, microseconds).',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One rejected event that was replayed through later code.';
