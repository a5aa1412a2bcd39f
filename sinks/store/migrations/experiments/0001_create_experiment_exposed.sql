-- Grain:     one variant of an experiment that was shown at one scan
-- Source:    topic footpath.experiment-exposed.v1
-- Dedup key: event_id (as _key); of several records with one id the one written first is kept
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.experiment_exposed
(
    event_id          String                 COMMENT 'Derived from source profile, experiment, phase and scan.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When the scan happened (UTC, microseconds).',
    person_id         UUID                   COMMENT 'The person as known when the scan was decided; the key of the topic. Zero: a count only.',
    source_profile_id UUID                   COMMENT 'Source profile of the scan: it decides whose the exposure is after a merge or a split. Zero: a count only.',
    experiment        LowCardinality(String) COMMENT 'Id of the experiment.',
    phase             LowCardinality(String) COMMENT 'The phase: its number and a hash of arms, weights and salt.',
    variant           LowCardinality(String) COMMENT 'The variant that was shown.',
    why               LowCardinality(String) COMMENT 'drawn by the hash of salt and person, or kept from what one of the person''s source profiles saw first.',
    arms              Array(Tuple(variant String, share Float64)) COMMENT 'All variants of the phase, the control first, each with its share of the people drawn.',
    scan_event_id     String                 COMMENT 'The scan that was answered.',
    scan_namespace    LowCardinality(String) COMMENT 'Namespace of scan_event_id.',
    route             LowCardinality(String) COMMENT 'Route that answered it; fallback for none.',
    tag               LowCardinality(String) COMMENT 'Tag that was scanned.',
    store             LowCardinality(String) COMMENT 'Store of the tag.',
    brand_version     LowCardinality(String) COMMENT 'Version of the brand configuration that decided.',
    analytics         LowCardinality(String) COMMENT 'refused where the person does not allow analytics: the row is a count; empty otherwise.',
    _key              UInt128 MATERIALIZED ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))) COMMENT 'event_id as a number: the value of a UUID, the 128-bit SipHash of any other text.',
    _partition        Int32                  COMMENT 'Partition of the record in the topic.',
    _offset           Int64                  COMMENT 'Offset of the record in its partition.',
    _version          UInt64 MATERIALIZED bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))) COMMENT 'Highest for the record written first, which is kept.',
    inserted_at       DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When the row was inserted (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (experiment, _key)
COMMENT 'One variant of an experiment that was shown at one scan.';
