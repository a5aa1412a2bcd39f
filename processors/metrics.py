"""Every metric of a worker, with its type and meaning."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS = Counter(
    "footpath_worker_events_total", "Source records taken, by processor and topic.", ["processor", "topic"]
)
DROPPED = Counter(
    "footpath_worker_dropped_total", "Events that changed nothing, by processor and reason.", ["processor", "reason"]
)
REJECTED = Counter(
    "footpath_worker_rejected_total", "Events sent to event-rejected, by processor and reason.", ["processor", "reason"]
)
EMITTED = Counter("footpath_worker_emitted_total", "Events published, by processor and topic.", ["processor", "topic"])
COMMIT_SECONDS = Histogram(
    "footpath_worker_commit_seconds",
    "Time from the start of a state transaction to its end.",
    ["processor"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
DELAY_SECONDS = Histogram(
    "footpath_worker_delay_seconds",
    "Age of a source record when its batch was taken, once a batch.",
    ["processor"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600),
)
RESTORE_ROWS = Counter(
    "footpath_worker_restore_rows_total", "Changelog rows read back at partition openings.", ["processor"]
)
PARTITIONS = Gauge("footpath_worker_partitions_count", "Partitions that this worker serves now.", ["processor"])
HANDED = Counter("footpath_worker_handed_total", "Records taken without a fetch, by processor.", ["processor"])
GAPS = Counter("footpath_worker_gaps_total", "Runs that came without those before them, fetched again.", ["processor"])
