-- Grain:     one touchpoint as the gateway accepted it
-- Source:    topic footpath.touchpoint-recorded.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.touchpoint_recorded
(
    event_id           String                 COMMENT 'Unique id of the event, set by the sender or by the gateway; retries carry the same id.',
    type               LowCardinality(String) COMMENT 'Event type: scan, nfc_tap, page_view, sale, return, … (schemas/kinds.py).',
    occurred_at        DateTime64(6, 'UTC')   COMMENT 'When it happened, by the sender''s clock (UTC, microseconds).',
    received_at        DateTime64(6, 'UTC')   COMMENT 'When the gateway received it (UTC, microseconds).',
    source             LowCardinality(String) COMMENT 'API key id of the sender, or scan for a phone that followed a tag.',
    primary_identifier String                 COMMENT 'The strongest identifier of the event as type:hash; the key of the topic.',
    identifiers        Array(String)          COMMENT 'All identifiers of the event as type:hash, the primary one included; never raw values.',
    brand              LowCardinality(String) COMMENT 'Brand id.',
    store              LowCardinality(String) COMMENT 'Store id.',
    tag                LowCardinality(String) COMMENT 'Tag id.',
    placement          LowCardinality(String) COMMENT 'Placement kind of the tag: shelf, packaging, poster, receipt, screen, …',
    zone               LowCardinality(String) COMMENT 'Zone of the store.',
    product            LowCardinality(String) COMMENT 'Product (SKU) that the tag or the event is about.',
    campaign           LowCardinality(String) COMMENT 'Campaign id.',
    channel            LowCardinality(String) COMMENT 'Channel that the sender named; empty when the brand''s channel grouping decides.',
    amount             Nullable(Decimal(18, 6)) COMMENT 'Amount of a sale or return in units of the currency (six decimals), positive; null for other types.',
    currency           LowCardinality(String) COMMENT 'ISO 4217 code of amount.',
    lines              Array(Tuple(sku String, quantity Int64, amount Decimal(18, 6))) COMMENT 'Lines of a sale or return; quantity in units, amount in units of the currency.',
    related_event_id   String                 COMMENT 'The earlier event that this one refers to: the sale of a return.',
    properties         String                 COMMENT 'All other properties that the sender sent, as a JSON object; addresses and phone numbers replaced by their hashes.',
    reply_partition    Nullable(Int32)        COMMENT 'Partition of scan-routed on which a gateway waits for the decision; null when no gateway waits.',
    _key               UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition         Int32                  COMMENT 'Partition of the record in the topic.',
    _offset            Int64                  COMMENT 'Offset of the record in its partition.',
    _version           UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at        DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One touchpoint as the gateway accepted it.';
