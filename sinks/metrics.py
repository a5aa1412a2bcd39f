"""The sink's Prometheus metrics."""

from prometheus_client import Counter, Gauge, Histogram

from schemas.process.release import BUILD_INFO, release

ROWS = Counter("footpath_sink_rows_total", "Rows written, including those that repeat earlier ones", ["table"])
REJECTED = Counter(
    "footpath_sink_rejected_total", "Records put on event-rejected, by topic and reason", ["topic", "reason"]
)
INSERT_SECONDS = Histogram(
    "footpath_sink_insert_seconds",
    "Duration of one insert in seconds",
    ["table"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
LAG = Gauge(
    "footpath_sink_lag_records",
    "Records on a topic that are not yet in its table, including transaction markers",
    ["topic"],
)
WAITING = Gauge(
    "footpath_sink_waiting", "1 while the sink waits for this part (kafka, clickhouse) to answer again", ["part"]
)


def describe_build() -> None:
    """Says what runs here. Called once in a process."""
    Gauge(*BUILD_INFO).labels("sink", release()).set(1)
