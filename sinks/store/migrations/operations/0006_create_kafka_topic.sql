-- Grain:     one topic of one Kafka, by the ids that Kafka gave it, whose records are in the tables
-- Source:    the sinks, when they meet a topic for the first time
-- Dedup key: topic, cluster, topic_id
-- Retention: unlimited

CREATE TABLE IF NOT EXISTS footpath.kafka_topic
(
    topic       String               COMMENT 'Name of the topic.',
    cluster     String               COMMENT 'Id of the Kafka cluster.',
    topic_id    String               COMMENT 'Id of the topic in it; another one when the topic was deleted and made again.',
    incarnation  UInt8                COMMENT 'Number of topics of this name before it. Column _offset of the topic''s table has it above its lowest 44 bits, so that later rows are known in another Kafka too.',
    inserted_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC') COMMENT 'When a sink first met the topic (UTC, microseconds).'
)
ENGINE = ReplacingMergeTree
ORDER BY (topic, cluster, topic_id)
COMMENT 'One topic of one Kafka whose records are in the tables.';
