"""Every metric of the gateway, with its meaning."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from schemas.process.release import BUILD_INFO, release

SCAN_BUCKETS_S = (0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.3, 0.5, 1.0, 3.0)


class Metrics:
    """The metrics of one gateway, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        Gauge(*BUILD_INFO, registry=self.registry).labels("gateway", release()).set(1)
        self.requests = Counter(
            "footpath_gateway_requests_total",
            "Responses by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self.scans = Counter(
            "footpath_gateway_scans_total",
            "Scans by outcome: routed, or the fallback because the decision was late, Kafka unavailable, the"
            " destination unregistered, the tag unknown (unknown_tag), or the scan not recorded (unrecorded); reloaded"
            " is a page that a phone loaded again, or a double tap, which is no new scan; preview is nobody's look at a"
            " link, refused a link that proves nothing.",
            ["outcome"],
            registry=self.registry,
        )
        self.request_count = cache(self.requests.labels)
        self.scan_count = cache(self.scans.labels)
        self.scan_seconds = Histogram(
            "footpath_gateway_scan_seconds",
            "Seconds from a scan's arrival to its response.",
            buckets=SCAN_BUCKETS_S,
            registry=self.registry,
        )
        self.events = Counter(
            "footpath_gateway_events_total",
            "Events of the events API by result.",
            ["status"],
            registry=self.registry,
        )
        self.coupons = Counter(
            "footpath_gateway_coupons_total",
            "Requests of tills about coupons that the stream answered, by action and status.",
            ["action", "status"],
            registry=self.registry,
        )
        self.contacts = Counter(
            "footpath_gateway_contacts_total",
            "Contact values that were encrypted and kept.",
            registry=self.registry,
        )
        self.contacts_waiting = Gauge(
            "footpath_gateway_contacts_waiting",
            "Contact values of large batches that wait until requests leave the time to keep them.",
            registry=self.registry,
        )
        self.contacts_known = Gauge(
            "footpath_gateway_contacts_known",
            "Identifiers of which this gateway knows that their contact value is kept, at most 100,000.",
            registry=self.registry,
        )
        self.rejections = Counter(
            "footpath_gateway_rejections_total",
            "Rejected events by reason.",
            ["reason"],
            registry=self.registry,
        )
        self.limited = Counter(
            "footpath_gateway_limited_total",
            "Requests refused by a rate limit.",
            ["limit"],
            registry=self.registry,
        )
        self.live_listeners = Gauge(
            "footpath_gateway_live_listeners",
            "Pages that listen for the points of their scan.",
            registry=self.registry,
        )
        self.letters = Counter(
            "footpath_gateway_privacy_letters_total",
            "E-mails with a link to somebody's data: sent, failed after all attempts, or dropped because too many"
            " waited.",
            ["outcome"],
            registry=self.registry,
        )
        self.connections_ended = Counter(
            "footpath_gateway_connections_ended_total",
            "Connections that a bound ended: of connections in all (limit_all) or of an address (limit_address), a"
            " request that is none or beyond its bounds (bad_request), a head or body too slow (slow_request),"
            " responses that are not read (slow_reader).",
            ["reason"],
            registry=self.registry,
        )
        self.connections = Gauge("footpath_gateway_connections", "Open connections.", registry=self.registry)
        self.waiting = Gauge("footpath_gateway_waiting_requests", "Requests in progress.", registry=self.registry)
        self.direct = Gauge(
            "footpath_gateway_kafka_direct",
            "1 while events are produced to Kafka directly, 0 while they go to the spool.",
            registry=self.registry,
        )
        self.spool_bytes = Gauge(
            "footpath_gateway_spool_bytes", "Bytes in the spool that Kafka does not have yet.", registry=self.registry
        )
        self.apart_bytes = Gauge(
            "footpath_gateway_apart_bytes",
            "Bytes of a topic that Kafka does not take records for, which is kept apart.",
            ["topic"],
            registry=self.registry,
        )
        self.refused = Counter(
            "footpath_gateway_refused_total",
            "Records that Kafka refused while it took others of their topic; each is a reject.",
            ["topic"],
            registry=self.registry,
        )
        self.clock_ahead = Gauge(
            "footpath_gateway_clock_ahead_seconds",
            "How far this machine's clock is ahead of Kafka's; negative: behind.",
            registry=self.registry,
        )
        self.spooled = Counter(
            "footpath_gateway_spooled_total", "Records written to the spool.", registry=self.registry
        )
        self.drained = Counter(
            "footpath_gateway_drained_total",
            "Records produced from the spool to Kafka.",
            registry=self.registry,
        )
