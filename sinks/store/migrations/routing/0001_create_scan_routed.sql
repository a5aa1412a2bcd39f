-- Grain:     one decision for a scan
-- Source:    topic footpath.scan-routed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.scan_routed
(
    event_id        String                 COMMENT 'Derived from the scan.',
    scan_event_id   String                 COMMENT 'The scan that was decided; the key of the topic.',
    person_id       UUID                   COMMENT 'The person as known when the scan was decided.',
    occurred_at     DateTime64(6, 'UTC')   COMMENT 'When the scan happened (UTC, microseconds).',
    tag             LowCardinality(String) COMMENT 'Tag that was scanned.',
    store           LowCardinality(String) COMMENT 'Store of the tag.',
    moment          LowCardinality(String) COMMENT 'The micro-moment: know, go, buy or do.',
    route           LowCardinality(String) COMMENT 'Id of the route that won; fallback when no route applied.',
    action          LowCardinality(String) COMMENT 'Kind of the action: redirect or page.',
    destination     String                 COMMENT 'Target of a redirect or of a page''s button.',
    title           LowCardinality(String) COMMENT 'Headline of a page; empty for a redirect.',
    text            LowCardinality(String) COMMENT 'Text of a page; empty for a redirect.',
    label           LowCardinality(String) COMMENT 'Text of a page''s button; empty for a redirect.',
    candidates      Array(Tuple(route String, priority Int32, lost_because String)) COMMENT 'Every route of the brand in the order in which they were considered.',
    inputs          String                 COMMENT 'The inputs of the decision as a JSON object: local time, open, stock, visits, …',
    brand_version   LowCardinality(String) COMMENT 'Version of the brand configuration that decided.',
    reply_partition Nullable(Int32)        COMMENT 'Partition of scan-routed that the waiting gateway reads; null when no gateway waited.',
    _key            UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition      Int32                  COMMENT 'Partition of the record in the topic.',
    _offset         Int64                  COMMENT 'Offset of the record in its partition.',
    _version        UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at     DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One decision for a scan.';
