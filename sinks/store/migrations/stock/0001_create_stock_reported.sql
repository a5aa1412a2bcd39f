-- Grain:     one count of a product in a store
-- Source:    topic footpath.stock-reported.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.stock_reported
(
    event_id    String                 COMMENT 'Unique id of the event.',
    store       LowCardinality(String) COMMENT 'Store id.',
    sku         LowCardinality(String) COMMENT 'Product.',
    quantity    Int64                  COMMENT 'Units on hand; zero or more.',
    occurred_at DateTime64(6, 'UTC')   COMMENT 'When it was counted, by the sender''s clock (UTC, microseconds).',
    received_at DateTime64(6, 'UTC')   COMMENT 'When the gateway received it (UTC, microseconds).',
    source      LowCardinality(String) COMMENT 'API key id of the sender.',
    _key        UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition  Int32                  COMMENT 'Partition of the record in the topic.',
    _offset     Int64                  COMMENT 'Offset of the record in its partition.',
    _version    UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One count of a product in a store.';
