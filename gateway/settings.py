"""The gateway's settings, read once from environment variables."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.smtp_server import SMTP, SmtpServer
from gateway.wallet_keys import APPLE_PASS, GOOGLE_ACCOUNT, GOOGLE_ISSUER
from schemas.base_address import BASE_ADDRESS
from schemas.codec.registry_settings import RegistrySettings, SchemaRegistry
from schemas.identifiers.keys import IdentifierKeys
from schemas.kafka.client_settings import ClientSettings, Kafka
from schemas.process.parsers import DAY, FLAG, NETWORKS, PATH, TEXT, Network, whole_number
from schemas.process.settings import Setting, SettingError, block, read_values, setting, use
from schemas.process.shared_settings import (
    CONTACT_KEY_FILE,
    DATA,
    IDENTIFIER_KEY_FILE,
    METRICS_HOST,
    PARTITIONS,
    REJECT_KEY_FILE,
    TAG_KEY_FILE,
)
from schemas.topics import SCAN_ROUTED

if TYPE_CHECKING:
    from gateway.wallet_keys import AppleCertificate, GoogleAccount
    from schemas.contacts.wrapping import MasterKeys
    from schemas.protection.reject_keys import RejectKeys
    from schemas.trust.keys import TagKeys

COOKIE_DAYS = 400
"""The longest that browsers store a cookie (RFC 6265bis)."""
HOST = Setting(
    "FOOTPATH_GATEWAY_HOST",
    TEXT,
    "127.0.0.1",
    "Address that the gateway listens on; 0.0.0.0 lets phones in the same network reach it.",
)
PORT = Setting(
    "FOOTPATH_GATEWAY_PORT", whole_number(0, 65_535), "8080", "Port that the gateway listens on; 0 takes a free one."
)
PUBLIC_URL = Setting(
    "FOOTPATH_GATEWAY_PUBLIC_URL",
    BASE_ADDRESS,
    "",
    "Address that QR codes carry, as phones will reach the gateway. Not set: the one that the request came to, if it "
    "is the gateway's own or of the brand's destinations; `footpath qr` takes the stack in FOOTPATH_DATA.",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set. ``deadline_ms`` counts from a scan's arrival; ``reply_partition`` is the partition of
    scan-routed that this gateway reads alone, None where it follows from host, port and the number of partitions;
    ``partitions`` is 0 when it is not set.
    """

    kafka: Kafka = block(ClientSettings)
    identifier_key: IdentifierKeys = use(IDENTIFIER_KEY_FILE)
    reject_keys: "RejectKeys | None" = use(REJECT_KEY_FILE, unset=None)
    contact_keys: "MasterKeys | None" = use(CONTACT_KEY_FILE, unset=None)
    tag_keys: "TagKeys | None" = use(TAG_KEY_FILE, unset=None)
    data: Path = use(DATA)
    host: str = use(HOST)
    port: int = use(PORT)
    public_url: str = use(PUBLIC_URL, unset="")
    metrics_host: str = use(METRICS_HOST)
    metrics_port: int | None = setting(
        "FOOTPATH_GATEWAY_METRICS_PORT",
        whole_number(1, 65_535),
        "",
        "Port of the gateway's /metrics and /health, on FOOTPATH_METRICS_HOST. Not set: none.",
        unset=None,
    )
    public_probes: bool | None = setting(
        "FOOTPATH_GATEWAY_PUBLIC_PROBES",
        FLAG,
        "",
        "1 when /metrics and /health answer on the gateway's own port, too, 0 when phones get none. Not set: 1 where "
        "FOOTPATH_GATEWAY_HOST is this machine's own address, which only its processes reach, else 0.",
        unset=None,
    )
    schema_registry: SchemaRegistry = block(RegistrySettings)
    partitions: int = use(PARTITIONS, unset=0)
    reply_partition: int | None = setting(
        "FOOTPATH_GATEWAY_REPLY_PARTITION",
        whole_number(0, 4095),
        "",
        "Partition of scan-routed that this gateway reads, from 0 and below the number of its partitions. Give each "
        "gateway its own. Not set: derived from host and port.",
        unset=None,
    )
    deadline_ms: int = setting(
        "FOOTPATH_GATEWAY_DEADLINE_MS",
        whole_number(1, 60_000, "milliseconds"),
        "250",
        "How long a scan waits for the stream's decision, in milliseconds from its arrival; then the tag's own "
        "destination is served.",
    )
    publish_timeout_ms: int = setting(
        "FOOTPATH_GATEWAY_PUBLISH_TIMEOUT_MS",
        whole_number(1, 60_000, "milliseconds"),
        "1500",
        "How long Kafka may take to acknowledge before events go to the spool, in milliseconds.",
    )
    spool: Path = setting(
        "FOOTPATH_GATEWAY_SPOOL",
        PATH,
        "",
        "Directory of the spool that takes events while Kafka is away; each gateway needs its own. Not set: gateway "
        "in FOOTPATH_DATA.",
        derived=True,
    )
    spool_mb: int = setting(
        "FOOTPATH_GATEWAY_SPOOL_MB",
        whole_number(1, 1_000_000, "megabytes"),
        "256",
        "Largest size of the spool, in megabytes.",
    )
    body_kb: int = setting(
        "FOOTPATH_GATEWAY_BODY_KB",
        whole_number(1, 64 * 1024, "kilobytes"),
        "1024",
        "Largest body of a request, in kilobytes.",
    )
    events_per_s: int = setting(
        "FOOTPATH_GATEWAY_EVENTS_PER_S",
        whole_number(1, 10_000_000, "events a second"),
        "50000",
        "Events a second for each API key that the brand gives no rate of its own.",
    )
    scans_per_s: int = setting(
        "FOOTPATH_GATEWAY_SCANS_PER_S",
        whole_number(1, 10_000_000, "scans a second"),
        "1000",
        "Scans a second from one client address; generous, because a whole shop shares one address.",
    )
    waiting: int = setting(
        "FOOTPATH_GATEWAY_WAITING",
        whole_number(1, 100_000, "requests"),
        "1000",
        "Requests in progress; beyond them the answer is 503. Half of them are kept for scans, and one API key has a "
        "quarter at most.",
    )
    connections: int = setting(
        "FOOTPATH_GATEWAY_CONNECTIONS",
        whole_number(1, 100_000, "connections"),
        "4096",
        "Open connections; beyond them the one that waits longest for a request gives way to a new one, and where all "
        "are busy the answer is 503. As many open files are asked of the system.",
    )
    connections_per_address: int = setting(
        "FOOTPATH_GATEWAY_CONNECTIONS_PER_ADDRESS",
        whole_number(1, 100_000, "connections"),
        "512",
        "Open connections of one client address, as above; generous, because a whole shop shares one address. Networks "
        "in FOOTPATH_GATEWAY_TRUSTED_PROXIES have no such limit.",
    )
    head_kb: int = setting(
        "FOOTPATH_GATEWAY_HEAD_KB",
        whole_number(1, 1024, "kilobytes"),
        "32",
        "Largest head of a request (its address and header fields, of which 100 are taken), in kilobytes.",
    )
    bodies_mb: int = setting(
        "FOOTPATH_GATEWAY_BODIES_MB",
        whole_number(1, 100_000, "megabytes"),
        "64",
        "Memory for the bodies of all requests in progress, in megabytes, of which one API key takes half at most; "
        "beyond it the answer is 503.",
    )
    tls: bool = setting(
        "FOOTPATH_GATEWAY_TLS", FLAG, "0", "1 when TLS ends before the gateway: cookies are then Secure."
    )
    earlier_cookies_until: date | None = setting(
        "FOOTPATH_GATEWAY_EARLIER_COOKIES_UNTIL",
        DAY,
        "",
        "Day before which phones keep the device that an earlier gateway gave them: a cookie without a signature, or, "
        "since TLS was turned on, one without the prefix __Host-. Until then a stranger can make such a cookie up. At "
        f"most {COOKIE_DAYS} days from now, as no cookie lives longer. Not set: such phones are new devices.",
        unset=None,
    )
    smtp: SmtpServer | None = setting(
        "FOOTPATH_SMTP",
        SMTP,
        "",
        "Mail server by which /privacy sends people links to all of their data, with user and password; its messages "
        "come from the user, or from ?from=ADDRESS. Needs FOOTPATH_GATEWAY_PUBLIC_URL, which the links begin with. Not "
        "set: the page sends no links and says that the shop is to be asked.",
        secret=True,
        unset=None,
    )
    apple_pass: "AppleCertificate | None" = setting(
        "FOOTPATH_APPLE_PASS_FILE",
        APPLE_PASS,
        "",
        "PEM file with a certificate of Apple's for a type of passes, its key, and the certificate of Apple's that "
        "issued it: `/me` then has passes for Apple Wallet. Not set: it has none.",
        unset=None,
    )
    google_wallet: "GoogleAccount | None" = setting(
        "FOOTPATH_GOOGLE_WALLET_FILE",
        GOOGLE_ACCOUNT,
        "",
        "JSON file with the key of a service account that issues passes for Google Wallet. Not set, or without "
        "FOOTPATH_GOOGLE_WALLET_ISSUER: `/me` has none.",
        unset=None,
    )
    google_issuer: str = setting(
        "FOOTPATH_GOOGLE_WALLET_ISSUER",
        GOOGLE_ISSUER,
        "",
        "Number of the issuer at Google Wallet.",
        unset="",
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "FOOTPATH_GATEWAY_TRUSTED_PROXIES",
        NETWORKS,
        "",
        "Networks whose X-Forwarded-For is believed. Not set: none.",
        unset=(),
    )

    @property
    def earlier_cookies_until_s(self) -> float:
        """The start of that day in seconds since 1970; 0 where there is none."""
        until = self.earlier_cookies_until
        return 0.0 if until is None else datetime.combine(until, time(), UTC).timestamp()

    @property
    def shows_probes(self) -> bool:
        """Whether phones' port answers with health and metrics."""
        return _is_loopback(self.host) if self.public_probes is None else self.public_probes


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Settings from the environment. :raises SettingError: for the first variable that cannot be used."""
    values = read_values(Settings, environ)
    values.setdefault("spool", values.get("data", Settings.data) / "gateway")
    until = values.get("earlier_cookies_until")
    if until is not None and until > datetime.now(UTC).date() + timedelta(days=COOKIE_DAYS):
        raise SettingError(
            f"FOOTPATH_GATEWAY_EARLIER_COOKIES_UNTIL={until}: must be at most {COOKIE_DAYS} days from now, as no "
            "cookie lives longer"
        )
    return Settings(**values)


def reply_partition(settings: Settings, partitions: int) -> int:
    """The partition of scan-routed that this gateway reads: the same after every restart, and mostly another one for
    each gateway.

    :param partitions: of scan-routed. :raises SettingError: the one that is set is none of them.
    """
    if settings.reply_partition is None:
        address = f"{settings.host}:{settings.port}".encode()
        return int.from_bytes(hashlib.sha256(address).digest()[:8], "big") % partitions
    if settings.reply_partition >= partitions:
        raise SettingError(
            f"FOOTPATH_GATEWAY_REPLY_PARTITION={settings.reply_partition}: must be below {partitions}, the number of "
            f"partitions of {SCAN_ROUTED.name}"
        )
    return settings.reply_partition


def _is_loopback(host: str) -> bool:
    """Whether only processes of this machine reach an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
