-- Grain:     one combination of type, channel, campaign and placement that events have had
-- Source:    table touchpoint_identified (by touch_class_feed)
-- Dedup key: class
-- Retention: for ever
--
-- What channel a class has, and whether it is a touch, the brand says: view live_class.

CREATE TABLE IF NOT EXISTS footpath.touch_class
(
    class     UInt64                 COMMENT 'SipHash of the four, as in touch.',
    type      LowCardinality(String) COMMENT 'What happened.',
    channel   LowCardinality(String) COMMENT 'Channel as the sender names it; empty when the brand''s grouping decides.',
    campaign  LowCardinality(String) COMMENT 'Campaign id.',
    placement LowCardinality(String) COMMENT 'Placement kind of the tag.'
)
ENGINE = ReplacingMergeTree
ORDER BY class
COMMENT 'One combination of type, channel, campaign and placement that events have had.';
