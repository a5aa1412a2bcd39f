-- Grain:     one rejected event that was sent through the code of a later day
-- Source:    topic footpath.event-replayed.v1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

CREATE TABLE IF NOT EXISTS footpath.event_replayed
(
    event_id          String                 COMMENT 'Derived from the other ids and the outcome, so that a repeated replay gives the same id.',
    reject_event_id   String                 COMMENT 'The event of event_rejected that was replayed; the key of the topic.',
    replayed_event_id String                 COMMENT 'Id of the event itself, the same in every replay.',
    outcome           LowCardinality(String) COMMENT 'accepted or duplicate (events API), published (on its topic), stored (in its table), refused (a later reject of the same event waits in its place).',
    stage             LowCardinality(String) COMMENT 'Who had refused the event.',
    reason            LowCardinality(String) COMMENT 'Why it had been refused.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When it was replayed (UTC, microseconds).',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the topic that the row came from.',
    _offset           Int64                  COMMENT 'Offset in that partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which wins.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was written here (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One rejected event that was sent through the code of a later day.';
