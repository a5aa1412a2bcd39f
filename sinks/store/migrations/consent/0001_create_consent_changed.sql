-- Grain:     one purpose, or one channel of marketing, of one statement of a source profile
-- Source:    topic footpath.consent-changed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.consent_changed
(
    event_id          String                 COMMENT 'Derived from the statement, the source profile, the purpose and the channel.',
    person_id         UUID                   COMMENT 'The person as known when the statement was taken, of an expiry the source profile; the key of the topic.',
    source_profile_id UUID                   COMMENT 'The source profile whose statement it is: it decides whose the statement is after a merge or a split.',
    purpose           LowCardinality(String) COMMENT 'identity, personalisation, marketing or analytics; empty for Global Privacy Control where it withdraws nothing.',
    channel           LowCardinality(String) COMMENT 'Channel of marketing: email, sms, whatsapp or push; empty otherwise.',
    kind              LowCardinality(String) COMMENT 'choice, what a person stated; gpc, what their browser sends; expiry, when a choice ended.',
    before            LowCardinality(String) COMMENT 'What the source profile had said by then: granted, withdrawn, gpc or nothing. A choice granted after gpc conflicts with the browser.',
    after             LowCardinality(String) COMMENT 'granted or withdrawn; empty for an expiry.',
    policy_version    LowCardinality(String) COMMENT 'Version of the policy that was shown; empty where the sender named none.',
    jurisdiction      LowCardinality(String) COMMENT 'The one that the sender named, else that of the store, else that of the brand (ISO 3166).',
    expires_at        DateTime64(6, 'UTC')   COMMENT 'From when on it does not count any more (UTC, microseconds); 1970 for never.',
    proof             String                 COMMENT 'What was shown, as a JSON object: text_id, text, language, where, control.',
    source            LowCardinality(String) COMMENT 'The API key that sent the statement; scan for a scan.',
    store             LowCardinality(String) COMMENT 'Store where it was said; empty for none.',
    source_event_id   String                 COMMENT 'The touchpoint that stated it; empty for an expiry.',
    source_namespace  LowCardinality(String) COMMENT 'Namespace of source_event_id.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When it was said, or ended (UTC, microseconds).',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (source_profile_id, _key)
COMMENT 'One purpose, or one channel of marketing, of one statement of a source profile.';
