-- Grain:     one match that one block gave, or one block that is oversized
-- Source:    topic footpath.identity-matched.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.identity_matched
(
    event_id        String                 COMMENT 'Derived from the block, both records and the model, so that any order and a replay give the same id.',
    change          LowCardinality(String) COMMENT 'matched, or oversized: so many records share the block that none of its links counts.',
    block           String                 COMMENT 'The block in which the records met, as kind:hash; the key of the topic.',
    person_id       UUID                   COMMENT 'The smaller id of the two source profiles. Zero when oversized.',
    other_person_id UUID                   COMMENT 'The larger id. Zero when oversized.',
    probability     Float64                COMMENT 'Probability that the two are one person, from 0 to 1.',
    bits            Float64                COMMENT 'The same as a logarithm of the odds to base 2: the prior and all reasons.',
    reasons         Array(Tuple(field String, level Int32, bits Float64)) COMMENT 'The weight of each trait.',
    model           LowCardinality(String) COMMENT 'Version of the model that gave the weights. Empty when oversized.',
    source_event_id String                 COMMENT 'The later of the touchpoints that gave the two records; when oversized the one that exceeded the limit.',
    occurred_at     DateTime64(6, 'UTC')   COMMENT 'When that touchpoint happened (UTC, microseconds).',
    _key            UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition      Int32                  COMMENT 'Partition of the record in the topic.',
    _offset         Int64                  COMMENT 'Offset of the record in its partition.',
    _version        UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One match that one block gave, or one block that is oversized.';
