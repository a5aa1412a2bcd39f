-- Grain:     one statement of costs
-- Source:    table cost_reported
-- Dedup key: namespace and event_id (as _key); of several records with one id the one written last is kept
-- Retention: unlimited
--
-- An event is its sender's namespace and id.

ALTER TABLE footpath.cost_reported
    ADD COLUMN IF NOT EXISTS namespace LowCardinality(String) COMMENT 'Namespace of the sender, within which its event ids are unique; empty for scans of phones.' AFTER event_id,
    COMMENT COLUMN event_id 'The sender''s own id of the event, or a random one; unique within its namespace. Retries carry the same id.',
    MODIFY COLUMN _key UInt128 MATERIALIZED if(
            namespace = '',
            ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))),
            reinterpretAsUInt128(sipHash128(concat(namespace, '/', event_id)))
        )
        COMMENT 'Namespace and event_id as a number: without a namespace the value of a UUID, else the 128-bit SipHash of both.';
