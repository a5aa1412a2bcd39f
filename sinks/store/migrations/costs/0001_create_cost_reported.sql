-- Grain:     one statement of what a campaign cost on a day
-- Source:    topic footpath.cost-reported.v1
-- Dedup key: event_id (as _key); of several records with one id the one written last is kept: a statement that is sent again holds again
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.cost_reported
(
    event_id    String                 COMMENT 'Unique id of the statement.',
    campaign    LowCardinality(String) COMMENT 'Campaign id.',
    channel     LowCardinality(String) COMMENT 'Channel that the money was spent on; may be empty, like placement, store and tag.',
    placement   LowCardinality(String) COMMENT 'Placement kind: poster, shelf, receipt, …',
    store       LowCardinality(String) COMMENT 'Store id.',
    tag         LowCardinality(String) COMMENT 'Tag id.',
    amount      Decimal(18, 6)         COMMENT 'Money in units of the currency (six decimals); zero or more.',
    currency    LowCardinality(String) COMMENT 'ISO 4217 code of amount.',
    occurred_at DateTime64(6, 'UTC')   COMMENT 'A time within the day (UTC) that the money was spent for.',
    received_at DateTime64(6, 'UTC')   COMMENT 'When the gateway received it (UTC, microseconds).',
    source      LowCardinality(String) COMMENT 'API key id of the sender.',
    _key        UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition  Int32                  COMMENT 'Partition of the record in the topic.',
    _offset     Int64                  COMMENT 'Offset of the record in its partition.',
    _version    UInt64 MATERIALIZED bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition)) COMMENT 'Highest for the record written last, which is kept.',
    inserted_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One statement of what a campaign cost on a day.';
