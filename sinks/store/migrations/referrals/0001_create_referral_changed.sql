-- Grain:     one step of a referral, as one of its sides said it to the other
-- Source:    topic footpath.referral-changed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.referral_changed
(
    event_id            String                 COMMENT 'Derived from the referral, its sender and the version.',
    occurred_at         DateTime64(6, 'UTC')   COMMENT 'When the friend qualified; before that, when they followed the link (UTC, microseconds).',
    person_id           UUID                   COMMENT 'Person to whom it went, as the source profile''s own; the key of the topic. Zero: a count only.',
    source_profile_id   UUID                   COMMENT 'Source profile to whose account it went: the referrer''s, or the friend''s for an answer. Zero: a count only.',
    referral_id         String                 COMMENT 'The referral.',
    state               LowCardinality(String) COMMENT 'Of the friend''s account: linked, waiting (for the end of the return window), kept, withdrawn; of the referrer''s: paid, blocked, reversed; of either: forgotten.',
    referrer_profile_id UUID                   COMMENT 'Source profile of who recommended. Zero: erased.',
    friend_profile_id   UUID                   COMMENT 'Source profile of who came. Zero: erased.',
    reason              LowCardinality(String) COMMENT 'Why it was withdrawn, blocked or reversed; empty otherwise.',
    qualifying_event_id String                 COMMENT 'Event of the friend that qualifies; empty as long as there is none.',
    qualifying_namespace LowCardinality(String) COMMENT 'Namespace of qualifying_event_id.',
    version             Int64                  COMMENT 'Counts what one side says of the referral: of several the highest is the latest.',
    qualified_at        Int64                  COMMENT 'When that event happened, microseconds since 1970 UTC; 0: not yet.',
    rule                LowCardinality(String) COMMENT 'Programme of the brand; rule of the ledger''s entries. Empty before the purchase was kept.',
    rule_version        Int32                  COMMENT 'Version of that programme when the link was followed.',
    points              Int64                  COMMENT 'Points of the referrer.',
    per_household       Int32                  COMMENT 'How many friends of one household pay.',
    per_year            Int32                  COMMENT 'How many of a person''s referrals pay in a year.',
    terms               Int32                  COMMENT 'What the brand said of consent where the link was followed, in bits.',
    expires_at          Int64                  COMMENT 'When the points expire, microseconds since 1970 UTC; 0: never.',
    ties                Array(Int64)           COMMENT 'Numbers that stand for identifiers of the friend''s purchases.',
    lineage             Array(Tuple(referrer Int64, friend Int64, at Int64)) COMMENT 'Of an answer: the referrals by which the friend was found, this one last; at in microseconds since 1970 UTC.',
    _key                UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition          Int32                  COMMENT 'Partition of the record in the topic.',
    _offset             Int64                  COMMENT 'Offset of the record in its partition.',
    _version            UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at         DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (_key)
COMMENT 'One step of a referral, as one of its sides said it to the other.';
