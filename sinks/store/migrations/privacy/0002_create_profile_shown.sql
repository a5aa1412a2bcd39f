-- Grain:     one answer to somebody who asked for a person's profile
-- Source:    topic profile-shown
-- Dedup key: source and event_id (as _key); of several records the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.profile_shown
(
    event_id    String                 COMMENT 'Derived from the request.',
    occurred_at DateTime64(6, 'UTC')   COMMENT 'When the request was answered (UTC, microseconds).',
    request_id  String                 COMMENT 'The request for the profile.',
    source      LowCardinality(String) COMMENT 'Id of the API key whose holder asked, or of the tag of the badge; the key of the topic.',
    via         LowCardinality(String) COMMENT 'page: the page of staff, signed in with a key; badge: the same, signed in by a staff badge; api: a program.',
    identifier  String                 COMMENT 'Whom it was asked for, as type:hash; empty once they are erased.',
    outcome     LowCardinality(String) COMMENT 'shown, refused (the person does not allow it) or nobody (nothing is known).',
    _key        UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition  Int32                  COMMENT 'Partition of the record in the topic.',
    _offset     Int64                  COMMENT 'Offset of the record in its partition.',
    _version    UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (source, _key)
COMMENT 'One answer to somebody who asked for a person''s profile.';
