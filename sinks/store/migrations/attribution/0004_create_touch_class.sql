-- Grain:     one combination of type, channel, campaign and placement that events have had
-- Source:    table touchpoint_identified (by touch_class_feed)
-- Dedup key: class
-- Retention: unlimited
-- After:     touchpoints
--
-- The brand's configuration decides the channel of a class and whether it is a touch: view live_class.

CREATE TABLE IF NOT EXISTS footpath.touch_class
(
    class     UInt64                 COMMENT 'SipHash of the four, as in touch.',
    type      LowCardinality(String) COMMENT 'Event type.',
    channel   LowCardinality(String) COMMENT 'Channel that the sender named; empty when the brand''s channel grouping decides.',
    campaign  LowCardinality(String) COMMENT 'Campaign id.',
    placement LowCardinality(String) COMMENT 'Placement kind of the tag.'
)
ENGINE = ReplacingMergeTree
ORDER BY class
COMMENT 'One combination of type, channel, campaign and placement that events have had.';
