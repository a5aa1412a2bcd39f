-- Grain:     one touchpoint
-- Source:    table touchpoint_recorded
-- Dedup key: namespace and event_id (as _key); of several records the one of the highest revision, then the one written first
-- Retention: unlimited
--
-- An event is its sender's namespace and id, and a sender may complete its identifiers later: as another revision.

ALTER TABLE footpath.touchpoint_recorded
    ADD COLUMN IF NOT EXISTS namespace LowCardinality(String) COMMENT 'Namespace of the sender, within which its event ids are unique; empty for scans of phones.' AFTER event_id,
    ADD COLUMN IF NOT EXISTS related_namespace LowCardinality(String) COMMENT 'Namespace of related_event_id.' AFTER related_event_id,
    ADD COLUMN IF NOT EXISTS revision Int32 COMMENT 'How often the sender has completed the identifiers of the event.' AFTER reply_partition,
    COMMENT COLUMN event_id 'The sender''s own id of the event, or a random one; unique within its namespace. Retries carry the same id.',
    MODIFY COLUMN _key UInt128 MATERIALIZED if(
            namespace = '',
            ifNull(toUInt128(toUUIDOrNull(event_id)), reinterpretAsUInt128(sipHash128(event_id))),
            reinterpretAsUInt128(sipHash128(concat(namespace, '/', event_id)))
        )
        COMMENT 'Namespace and event_id as a number: without a namespace the value of a UUID, else the 128-bit SipHash of both.',
    MODIFY COLUMN _version UInt64 MATERIALIZED bitOr(
            bitShiftLeft(toUInt64(least(greatest(revision, 0), 62)), 58),
            bitAnd(bitNot(bitOr(bitShiftLeft(toUInt64(_offset), 12), toUInt64(_partition))), bitShiftLeft(toUInt64(1), 58) - 1)
        )
        COMMENT 'Highest for the record that is kept: that of the highest revision, and of those the one written first.';
