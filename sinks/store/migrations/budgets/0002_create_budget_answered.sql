-- Grain:     one answer to a claim against a limit
-- Source:    topic footpath.budget-answered.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.budget_answered
(
    event_id          String                 COMMENT 'Derived from the claim.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When the event happened that asks (UTC, microseconds).',
    `limit`           LowCardinality(String) COMMENT 'The limit.',
    claim_id          String                 COMMENT 'The claim.',
    outcome           LowCardinality(String) COMMENT 'granted, or why not: exhausted, closed (the limit is not the brand''s any more, or its time is over).',
    units             Int64                  COMMENT 'Units that were granted.',
    first             Int64                  COMMENT 'Number of the first of these units within the limit, from 0; -1 for none.',
    person_id         UUID                   COMMENT 'Person for whom it is, as known when it was claimed. Zero: nobody, or somebody who is erased.',
    source_profile_id UUID                   COMMENT 'Source profile of the event that earns it. Zero: as person_id.',
    rule              LowCardinality(String) COMMENT 'Reward rule that grants it.',
    source_event_id   String                 COMMENT 'Touchpoint that earns it.',
    source_namespace  LowCardinality(String) COMMENT 'Namespace of source_event_id.',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (`limit`, _key)
COMMENT 'One answer to a claim against a limit.';
