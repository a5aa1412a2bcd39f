-- Grain:     one content that an item of the brand's configuration has had
-- Source:    topic footpath.brand-configured.v1
-- Dedup key: event_id (as _key); of several records with one id the one written last is kept: a content that is applied again is live again
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.brand_configured
(
    event_id    String                 COMMENT 'Derived from kind, id and content.',
    kind        LowCardinality(String) COMMENT 'brand, tag, store, product, route, reward or api_key.',
    id          String                 COMMENT 'Id within its kind.',
    version     LowCardinality(String) COMMENT 'Version of the whole configuration that the item came with.',
    body        String                 COMMENT 'The item as a JSON object; empty when it was removed.',
    occurred_at DateTime64(6, 'UTC')   COMMENT 'When it was applied (UTC, microseconds).',
    _key        UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition  Int32                  COMMENT 'Partition of the record in the topic.',
    _offset     Int64                  COMMENT 'Offset of the record in its partition.',
    _version    UInt64 MATERIALIZED bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition)) COMMENT 'Highest for the record written last, which is kept.',
    inserted_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One content that an item of the brand''s configuration has had.';
