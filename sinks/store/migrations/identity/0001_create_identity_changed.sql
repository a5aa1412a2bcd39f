-- Grain:     one change of a person (appeared, merged, split, erased) or of an edge (linked, refused, unlinked)
-- Source:    topic footpath.identity-changed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.identity_changed
(
    event_id          String                 COMMENT 'Derived from the content of the change, so a replay gives the same id.',
    change            LowCardinality(String) COMMENT 'appeared, merged, split, erased; linked, refused, unlinked.',
    person_id         UUID                   COMMENT 'The person that changed and that source_profile_id belonged to before; for an edge the person of identifier. The key of the topic.',
    into_person_id    UUID                   COMMENT 'The person that source_profile_id belongs to after the change; zero unless merged or split.',
    identifier        String                 COMMENT 'The identifier that the change is about, as type:hash.',
    source_event_id   String                 COMMENT 'The touchpoint that caused the change.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When that touchpoint happened (UTC, microseconds).',
    source_profile_id UUID                   COMMENT 'The source profile that changed its person; zero for an edge.',
    version           Int64                  COMMENT 'Grows with every change of the same source_profile_id or of the same edge; the highest is the current one.',
    other_identifier  String                 COMMENT 'The other end of an edge, as type:hash; empty for a person.',
    reason            LowCardinality(String) COMMENT 'Why an edge was refused (schemas/reasons.py); empty otherwise.',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY _key
COMMENT 'One change of a person (appeared, merged, split, erased) or of an edge (linked, refused, unlinked).';
