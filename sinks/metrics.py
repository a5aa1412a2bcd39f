"""What the sink tells Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

ROWS = Counter("footpath_sink_rows_total", "Rows written, those that only repeat earlier ones too", ["table"])
REJECTED = Counter("footpath_sink_rejected_total", "Records that are no event of their topic", ["topic", "reason"])
INSERT_SECONDS = Histogram(
    "footpath_sink_insert_seconds",
    "Time of one insert",
    ["table"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)
LAG = Gauge(
    "footpath_sink_lag_records", "Records on a topic that are not yet in its table, ends of transactions too", ["topic"]
)
WAITING = Gauge("footpath_sink_waiting", "1 while the sink waits for this part to come back", ["part"])
