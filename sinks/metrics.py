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
PRIVACY_OPEN = Gauge("footpath_privacy_requests_open", "Requests about data that have no answer yet")
PRIVACY_OLDEST = Gauge(
    "footpath_privacy_oldest_request_seconds", "Age of the oldest request about data that has no answer yet; 0: none"
)
PRIVACY_DONE = Counter("footpath_privacy_answers_total", "Requests about data that were carried out", ["action"])


def describe_build() -> None:
    """Says what runs here. Called once in a process."""
    Gauge(*BUILD_INFO).labels("sink", release()).set(1)
