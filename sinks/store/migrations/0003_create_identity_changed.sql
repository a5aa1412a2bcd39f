-- Grain:     one change of a person: appeared, merged or erased
-- Source:    topic footpath.identity-changed.v1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

CREATE TABLE IF NOT EXISTS footpath.identity_changed
(
    event_id        String                 COMMENT 'Derived from what changed, so that a replay gives the same id.',
    change          LowCardinality(String) COMMENT 'appeared, merged or erased.',
    person_id       UUID                   COMMENT 'The person that changed; the key of the topic.',
    into_person_id  UUID                   COMMENT 'The person that person_id belongs to from now on; zero unless merged.',
    identifier      String                 COMMENT 'The identifier that made it known, as type:hash.',
    source_event_id String                 COMMENT 'The touchpoint that caused it.',
    occurred_at     DateTime64(6, 'UTC')   COMMENT 'When the causing touchpoint happened (UTC, microseconds).',
    _key            UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition      Int32                  COMMENT 'Partition of the topic that the row came from.',
    _offset         Int64                  COMMENT 'Offset in that partition.',
    _version        UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which wins.',
    inserted_at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was written here (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One change of a person: appeared, merged or erased.';
