"""The settings that several processes read."""

from typing import Any, Final

from schemas.process.parsers import (
    BROKERS,
    CONTACT_KEYS,
    COUPON_KEYS,
    HTTP_ADDRESS,
    HTTP_ADDRESSES,
    KEY_FILE,
    PATH,
    REJECT_KEYS,
    TAG_KEYS,
    TEXT,
    whole_number,
)
from schemas.process.settings import Setting
from schemas.topics import CLUSTER_PARTITIONS
from schemas.topics import PARTITIONS as DEMO_PARTITIONS

LOCALHOST: Final = "127.0.0.1"
LOCAL_KAFKA: Final = "127.0.0.1:9092"
LOCAL_CLICKHOUSE: Final = "http://127.0.0.1:8123"

KAFKA: Final = Setting(
    "FOOTPATH_KAFKA",
    BROKERS,
    "",
    f"Kafka's brokers as host:port[,host:port]. A worker needs it. Not set: {LOCAL_KAFKA} for the gateway and the "
    "sink; `footpath up` starts its own Kafka; other commands take the stack in FOOTPATH_DATA.",
)
CLICKHOUSE: Final = Setting(
    "FOOTPATH_CLICKHOUSE",
    HTTP_ADDRESSES,
    "",
    "ClickHouse's HTTP address, user and password included; several, separated by commas, are tried in their order. "
    f"Not set: {LOCAL_CLICKHOUSE} for the sink; `footpath up` starts its own ClickHouse; other commands take the stack "
    "in FOOTPATH_DATA.",
    secret=True,
)
DATA: Final = Setting(
    "FOOTPATH_DATA",
    PATH,
    ".footpath",
    "Directory of a stack: data, logs, secrets, run.json. Commands find a running stack through it.",
)
PARTITIONS: Final = Setting(
    "FOOTPATH_PARTITIONS",
    whole_number(1, 4096, "partitions"),
    "",
    "Partitions of every topic that `footpath topics apply` and `footpath up` create, equal for all so that a worker "
    "owns the same people in each. No more workers of a processor than this have work, and each partition costs some. "
    f"Not set: as many as the existing topics have; where there are none {CLUSTER_PARTITIONS}, of `footpath up` "
    f"{DEMO_PARTITIONS}. All other processes take the number from the topics and stop when this setting contradicts "
    "them.",
)
IDENTIFIER_KEY_FILE: Final = Setting(
    "FOOTPATH_IDENTIFIER_KEY_FILE",
    KEY_FILE,
    "",
    "File with the secret key that identifiers are hashed with; while another takes its place, a line for each, the "
    "newest last. A gateway needs it; `footpath up` makes one in "
    "FOOTPATH_DATA (secrets/identifier.key), where `footpath identity` looks when this is not set. Keep the key: "
    "under another one every identifier is unknown.",
)
REJECT_KEY_FILE: Final = Setting(
    "FOOTPATH_REJECT_KEY_FILE",
    REJECT_KEYS,
    "",
    "File with the keys that protect what is kept of rejected events, the same for gateways, workers, sinks and "
    "`footpath replay rejected`. Not set: rejects keep no bytes and cannot be replayed; `footpath up` makes a key in "
    "FOOTPATH_DATA (secrets/reject.keys), where commands look, too. `footpath reject-keys` adds and destroys keys: "
    "what a destroyed key protects can never be read again.",
)
CONTACT_KEY_FILE: Final = Setting(
    "FOOTPATH_CONTACT_KEY_FILE",
    CONTACT_KEYS,
    "",
    "File with the master keys that wrap the data keys of contact values (e-mail addresses and phone numbers), the "
    "same for all gateways. The last one wraps, all unwrap. Not set: gateways keep no contact values; `footpath up` "
    "makes a key in FOOTPATH_DATA (secrets/contact.keys), where commands look, too. `footpath contact-keys` adds, "
    "rewraps and destroys keys. Keep a copy apart from the data: without the key nobody can be reached.",
)
TAG_KEY_FILE: Final = Setting(
    "FOOTPATH_TAG_KEY_FILE",
    TAG_KEYS,
    "",
    "File with the keys that sign the links of tags with `security:`, the same for all gateways. Not set: gateways "
    "refuse the scans of such tags; `footpath up` makes a key in FOOTPATH_DATA (secrets/tag.keys), where commands "
    "look, too. `footpath tag-keys` creates and retires keys. Keep a copy: without it printed codes are worthless.",
)
COUPON_KEY_FILE: Final = Setting(
    "FOOTPATH_COUPON_KEY_FILE",
    COUPON_KEYS,
    "",
    "File with the keys that coupon codes are made with, the same for all workers of coupons, which need it; `footpath "
    "up` makes a key in FOOTPATH_DATA (secrets/coupon.keys), where commands look, too. `footpath coupons new-key` adds "
    "one, which counts for coupons that are earned later. Whoever has a key can tell codes that others hold.",
)
SCHEMA_REGISTRY: Final = Setting(
    "FOOTPATH_SCHEMA_REGISTRY",
    HTTP_ADDRESS,
    "",
    "Address of a Confluent-compatible Schema Registry, user and password included where it has them. Not set: Avro's "
    "own single-object encoding, without a registry.",
    secret=True,
)
METRICS_HOST: Final = Setting(
    "FOOTPATH_METRICS_HOST",
    TEXT,
    LOCALHOST,
    "Address on which gateway, workers and sink serve their metrics, the gateway also its health, at the ports set for "
    "it; 0.0.0.0 lets a scraper on another machine reach them. It should be none that phones reach.",
)
SHARED: Final[tuple[Setting[Any], ...]] = (
    KAFKA,
    CLICKHOUSE,
    DATA,
    PARTITIONS,
    IDENTIFIER_KEY_FILE,
    REJECT_KEY_FILE,
    CONTACT_KEY_FILE,
    TAG_KEY_FILE,
    COUPON_KEY_FILE,
    SCHEMA_REGISTRY,
    METRICS_HOST,
)
