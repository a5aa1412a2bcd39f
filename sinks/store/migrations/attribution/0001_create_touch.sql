-- Grain:     one event of one person at one time, as attribution reads it
-- Source:    table touchpoint_identified (by touch_feed)
-- Dedup key: is_money, source_profile_id, occurred_at and event_id (as _key); of several records the one written first is kept
-- Retention: unlimited
-- After:     touchpoints
--
-- The events of touchpoint_identified with few columns: sales and returns apart from all others, the events of a source
-- profile together and in order of time. Two records of one event_id with another person or time are two rows here: a
-- reader has to leave out those of view superseded_touch.

CREATE TABLE IF NOT EXISTS footpath.touch
(
    is_money          Bool                   COMMENT 'Whether it is a sale or a return.',
    source_profile_id UUID                   COMMENT 'The source profile of the primary identifier; person_id where touchpoint_identified has zero.',
    occurred_at       DateTime64(6, 'UTC')   COMMENT 'When it happened (UTC, microseconds).',
    _key              UInt128                COMMENT 'event_id as a number, see touchpoint_identified.',
    class             UInt64                 COMMENT 'SipHash of type, channel, campaign and placement: everything that the live channel depends on.',
    type              LowCardinality(String) COMMENT 'Event type.',
    channel           LowCardinality(String) COMMENT 'Channel that the sender named; empty when the brand''s channel grouping decides.',
    campaign          LowCardinality(String) COMMENT 'Campaign id.',
    placement         LowCardinality(String) COMMENT 'Placement kind of the tag.',
    store             LowCardinality(String) COMMENT 'Store id.',
    tag               LowCardinality(String) COMMENT 'Tag id.',
    amount            Decimal(18, 6)         COMMENT 'Amount of a sale or return in units of the currency (six decimals), positive; 0 for other types.',
    currency          LowCardinality(String) COMMENT 'ISO 4217 code of amount.',
    event_id          String                 COMMENT 'The event_id of a sale or return; empty for other types.',
    related_event_id  String                 COMMENT 'The sale of a return.',
    person_id         UUID                   COMMENT 'The person as known when identity processed the event.',
    joined            Bool                   COMMENT 'Whether person_id differs from source_profile_id.',
    _version          UInt64                 COMMENT 'Highest for the record written first, see touchpoint_identified.'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (is_money, source_profile_id, occurred_at, _key)
COMMENT 'One event of one person at one time, as attribution reads it.';
