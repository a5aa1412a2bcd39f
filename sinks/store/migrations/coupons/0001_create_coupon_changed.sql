-- Grain:     one change of a coupon, or one use of it that is reported
-- Source:    topic footpath.coupon-changed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.coupon_changed
(
    event_id          String                 COMMENT 'Derived from the coupon and what changed it.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When it happened (UTC, microseconds).',
    code              String                 COMMENT 'The coupon: its code without hyphens and blanks; the key of the topic.',
    pool              LowCardinality(String) COMMENT 'Its pool.',
    ordinal           Int64                  COMMENT 'Its number within the pool, from 0.',
    state             LowCardinality(String) COMMENT 'issued, shown, reserved, redeemed, released, expired or void.',
    version           Int64                  COMMENT 'Counts the changes of the coupon.',
    reason            LowCardinality(String) COMMENT 'Why, where it is no request of a till; double_redemption and offline_… are about a use that is not the coupon''s.',
    person_id         UUID                   COMMENT 'Person who has it, as known when it was issued. Zero: nobody.',
    source_profile_id UUID                   COMMENT 'Source profile that earned it: it decides whose it is after a merge or a split. Zero: nobody.',
    rule              LowCardinality(String) COMMENT 'Reward rule that granted it.',
    rule_version      Int32                  COMMENT 'Version of that rule.',
    source_event_id   String                 COMMENT 'Touchpoint that earned it.',
    source_namespace  LowCardinality(String) COMMENT 'Namespace of source_event_id.',
    campaign          LowCardinality(String) COMMENT 'Campaign of the rule.',
    source            LowCardinality(String) COMMENT 'API key id of the till.',
    store             LowCardinality(String) COMMENT 'Store of the till.',
    redemption_id     String                 COMMENT 'The till''s id of the use, behind its namespace and a slash.',
    sale_event_id     String                 COMMENT 'Sale in which it is used.',
    sale_namespace    LowCardinality(String) COMMENT 'Namespace of sale_event_id.',
    discount          Decimal(18, 6)         COMMENT 'What it takes off the sale, in currency.',
    currency          LowCardinality(String) COMMENT 'ISO 4217 code of discount.',
    expires_at        DateTime64(6, 'UTC')   COMMENT 'Until when it can be used (UTC); the beginning of 1970: for ever.',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (code, _key)
COMMENT 'One change of a coupon, or one use of it that is reported.';
