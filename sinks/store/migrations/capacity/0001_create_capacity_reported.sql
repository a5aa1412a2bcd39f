-- Grain:     one report of the room that a service of a store has
-- Source:    topic footpath.capacity-reported.v1
-- Dedup key: namespace and event_id (as _key); of several records with one id the one written last is kept: a report that is sent again holds again
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.capacity_reported
(
    event_id     String                 COMMENT 'The sender''s own id of the report, or a random one; unique within its namespace.',
    namespace    LowCardinality(String) COMMENT 'Namespace of the sender, within which its event ids are unique.',
    store        LowCardinality(String) COMMENT 'Store id.',
    service      LowCardinality(String) COMMENT 'Service of the store: fitting, till, table, …',
    free         Nullable(Int64)        COMMENT 'Free places; zero or more. NULL when it was not stated.',
    queue_length Nullable(Int64)        COMMENT 'People who wait; zero or more. NULL when it was not stated.',
    wait_s       Nullable(Int64)        COMMENT 'Expected wait in seconds; zero or more. NULL when it was not stated.',
    expires_at   DateTime64(6, 'UTC')   COMMENT 'From when on the report says nothing any more (UTC, microseconds).',
    occurred_at  DateTime64(6, 'UTC')   COMMENT 'When it was so, by the sender''s clock (UTC, microseconds).',
    received_at  DateTime64(6, 'UTC')   COMMENT 'When the gateway received it (UTC, microseconds).',
    source       LowCardinality(String) COMMENT 'API key id of the sender.',
    _key         UInt128 MATERIALIZED if(
            namespace = '',
            ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))),
            reinterpretAsUInt128(sipHash128(concat(namespace, '/', event_id)))
        )
        COMMENT 'Namespace and event_id as a number: without a namespace the value of a UUID, else the 128-bit SipHash of both.',
    _partition   Int32                  COMMENT 'Partition of the record in the topic.',
    _offset      Int64                  COMMENT 'Offset of the record in its partition.',
    _version     UInt64 MATERIALIZED bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition)) COMMENT 'Highest for the record written last, which is kept.',
    inserted_at  DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One report of the room that a service of a store has.';
