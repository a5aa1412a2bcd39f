-- Grain:     one event of one person at one time, as attribution reads it
-- Source:    table touchpoint_identified (by touch_feed)
-- Dedup key: is_money, own_person_id, occurred_at and event_id (as _key); of several records there the first written counts
-- Retention: for ever
--
-- The same events as in touchpoint_identified, few columns of them: sales and returns apart from all others, a person's
-- together and in the order of time. Two records of one event_id that name another person or time
-- stand here in two places; whoever reads the table has to take the one written first (lost_touch tells the others).

CREATE TABLE IF NOT EXISTS footpath.touch
(
    is_money         Bool                   COMMENT 'Whether it is a sale or a return.',
    own_person_id    UUID                   COMMENT 'The person that the anchor is on its own; person_id where touchpoint_identified has none.',
    occurred_at      DateTime64(6, 'UTC')   COMMENT 'When it happened (UTC, microseconds).',
    _key             UInt128                COMMENT 'event_id as a number, see touchpoint_identified.',
    class            UInt64                 COMMENT 'SipHash of type, channel, campaign and placement: all that the live channel depends on.',
    type             LowCardinality(String) COMMENT 'What happened.',
    channel          LowCardinality(String) COMMENT 'Channel as the sender names it; empty when the brand''s grouping decides.',
    campaign         LowCardinality(String) COMMENT 'Campaign id.',
    placement        LowCardinality(String) COMMENT 'Placement kind of the tag.',
    store            LowCardinality(String) COMMENT 'Store id.',
    tag              LowCardinality(String) COMMENT 'Tag id.',
    amount           Decimal(18, 6)         COMMENT 'Money of a sale or return, in units of the currency (six decimals); positive, 0 for other types.',
    currency         LowCardinality(String) COMMENT 'ISO 4217 code of amount.',
    event_id         String                 COMMENT 'The event_id of a sale or return; empty for other types.',
    related_event_id String                 COMMENT 'The sale that a return takes back.',
    person_id        UUID                   COMMENT 'The person, as known when the event passed.',
    joined           Bool                   COMMENT 'Whether person_id is another than own_person_id.',
    _version         UInt64                 COMMENT 'Highest for the record written first, see touchpoint_identified.'
)
ENGINE = ReplacingMergeTree(_version)
ORDER BY (is_money, own_person_id, occurred_at, _key)
COMMENT 'One event of one person at one time, as attribution reads it.';
