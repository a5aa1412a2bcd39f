-- Grain:     one touchpoint with the person known when it passed
-- Source:    topic footpath.touchpoint-identified.v1
-- Dedup key: event_id (as _key); of several records with one id the first written counts
-- Retention: for ever

CREATE TABLE IF NOT EXISTS footpath.touchpoint_identified
(
    event_id         String                 COMMENT 'Unique id of the event, given by the sender or by the gateway; retries carry the same.',
    type             LowCardinality(String) COMMENT 'What happened: scan, nfc_tap, page_view, sale, return, … (schemas/kinds.py).',
    occurred_at      DateTime64(6, 'UTC')   COMMENT 'When it happened, by the sender''s clock (UTC, microseconds).',
    received_at      DateTime64(6, 'UTC')   COMMENT 'When the gateway took it (UTC, microseconds).',
    source           LowCardinality(String) COMMENT 'API key id of the sender, or scan for a phone that followed a tag.',
    anchor           String                 COMMENT 'The strongest identifier as type:hash; the key of the topic.',
    identifiers      Array(String)          COMMENT 'Every identifier as type:hash, the anchor among them; never raw values.',
    brand            LowCardinality(String) COMMENT 'Brand id.',
    store            LowCardinality(String) COMMENT 'Store id.',
    tag              LowCardinality(String) COMMENT 'Tag id.',
    placement        LowCardinality(String) COMMENT 'Placement kind of the tag: shelf, packaging, poster, receipt, screen, …',
    zone             LowCardinality(String) COMMENT 'Zone of the store.',
    product          LowCardinality(String) COMMENT 'Product (SKU) that the tag or the event is about.',
    campaign         LowCardinality(String) COMMENT 'Campaign id.',
    channel          LowCardinality(String) COMMENT 'Channel as the sender names it; empty when the brand''s grouping decides.',
    amount           Nullable(Decimal(18, 6)) COMMENT 'Money of a sale or return, in units of the currency (six decimals); positive, empty for other types.',
    currency         LowCardinality(String) COMMENT 'ISO 4217 code of amount.',
    lines            Array(Tuple(sku String, quantity Int64, amount Decimal(18, 6))) COMMENT 'Lines of a sale or return; quantity in units, amount in units of the currency.',
    related_event_id String                 COMMENT 'The earlier event that this one is about: the sale that a return takes back.',
    properties       String                 COMMENT 'Everything else that the sender said, as a JSON object; addresses and phone numbers replaced by their hashes.',
    reply_partition  Nullable(Int32)        COMMENT 'Partition of scan-routed on which a gateway waits for the answer; null when nobody waits.',
    person_id        UUID                   COMMENT 'The person, as known when the event passed; identity_override in the store says who that is now.',
    _key             UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition       Int32                  COMMENT 'Partition of the topic that the row came from.',
    _offset          Int64                  COMMENT 'Offset in that partition.',
    _version         UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which wins.',
    inserted_at      DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was written here (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One touchpoint with the person known when it passed.';
