-- Grain:     one claim against a limit, or one message between its owner and the holders of its leases
-- Source:    topic footpath.budget-claimed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.budget_claimed
(
    event_id          String                 COMMENT 'Derived from what asks.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When the event happened that asks (UTC, microseconds).',
    `key`             LowCardinality(String) COMMENT 'Who decides: the limit, or the holder of a lease of it; key of the topic.',
    `limit`           LowCardinality(String) COMMENT 'The limit: its kind, slash, its id, as campaign/spring or pool/ten-off.',
    action            LowCardinality(String) COMMENT 'claim or release; between an owner and its lease holders ask, lease, recall, recalled, return; between a holder and those that it divides itself into, inherit.',
    claim_id          String                 COMMENT 'What the claim is unique by, for ever.',
    units             Int64                  COMMENT 'Points or coupons: of a claim those that it wants, of a release those that it keeps, of an ask those that are waited for.',
    person_id         UUID                   COMMENT 'Person for whom it is, as known when it was claimed. Zero: nobody, or somebody who is erased.',
    source_profile_id UUID                   COMMENT 'Source profile of the event that earns it. Zero: as person_id.',
    rule              LowCardinality(String) COMMENT 'Reward rule that grants it.',
    source_event_id   String                 COMMENT 'Touchpoint that earns it.',
    source_namespace  LowCardinality(String) COMMENT 'Namespace of source_event_id.',
    holder            LowCardinality(String) COMMENT 'Key of the lease holder that asks or gives back; empty in other messages.',
    numbers           Array(Int64)           COMMENT 'Units that change hands, as pairs: the number of the first one within the limit (-1 where they have none) and how many; in inherit the claims that were granted, each with what it holds.',
    size              Int64                  COMMENT 'Of a lease: the limit as its owner knew it; -1: it is not the brand''s.',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (`limit`, _key)
COMMENT 'One claim against a limit, or one message between its owner and the holders of its leases.';
