"""Every metric of a worker, with its type, labels and meaning."""

from prometheus_client import Counter, Gauge, Histogram

from schemas.process.release import BUILD_INFO, release

EVENTS = Counter(
    "footpath_worker_events_total", "Source records that were applied, by processor and topic.", ["processor", "topic"]
)
DROPPED = Counter(
    "footpath_worker_dropped_total", "Events that changed nothing, by processor and reason.", ["processor", "reason"]
)
REJECTED = Counter(
    "footpath_worker_rejected_total",
    "Events published on event-rejected, by processor and reason.",
    ["processor", "reason"],
)
EMITTED = Counter("footpath_worker_emitted_total", "Events published, by processor and topic.", ["processor", "topic"])
COMMIT_SECONDS = Histogram(
    "footpath_worker_commit_seconds",
    "Time from the start of a transaction to its end, by processor.",
    ["processor"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
DELAY_SECONDS = Histogram(
    "footpath_worker_delay_seconds",
    "Age of the first source record of a batch when the batch is applied, by processor.",
    ["processor"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)
RESTORE_ROWS = Counter(
    "footpath_worker_restore_rows_total",
    "Changelog rows read when partitions were opened, by processor.",
    ["processor"],
)
STORES_REPLACED = Counter(
    "footpath_worker_stores_replaced_total",
    "Stores that belonged to another Kafka than the worker's, by processor; their states were restored.",
    ["processor"],
)
PRODUCERS_LOST = Counter(
    "footpath_worker_producers_lost_total",
    "Partitions that were opened again because Kafka refused their producer (it expired, was fenced, or its "
    "transaction timed out), by processor.",
    ["processor"],
)
LAG = Gauge(
    "footpath_worker_lag_records",
    "Records of a topic that this process has not processed yet in its partitions, including transaction markers, by "
    "processor and topic.",
    ["processor", "topic"],
)
COMMIT_AGE_SECONDS = Gauge(
    "footpath_worker_commit_age_seconds",
    "How long the oldest work waits for its commit, by processor; 0: everything is committed.",
    ["processor"],
)
PARTITIONS = Gauge("footpath_worker_open_partitions", "Partitions that are open now, by processor.", ["processor"])
TIMERS = Counter("footpath_worker_timers_total", "Timers that were due and done, by processor.", ["processor"])
TIMER_DELAY_SECONDS = Histogram(
    "footpath_worker_timer_delay_seconds",
    "Time from when the first of some timers was due until they were done, by the brokers' clock, by processor.",
    ["processor"],
    buckets=(0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600),
)
LOCAL_DELIVERIES = Counter(
    "footpath_worker_local_deliveries_total", "Records delivered within the process, without a fetch.", ["processor"]
)
GAPS = Counter(
    "footpath_worker_gaps_total",
    "Fetched batches that did not continue the one before and were fetched again, by processor.",
    ["processor"],
)


def describe_build(process: str) -> None:
    """Says what runs here. Called once in a process. :param process: its name."""
    Gauge(*BUILD_INFO).labels(process, release()).set(1)
