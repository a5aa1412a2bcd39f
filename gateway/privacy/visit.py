"""A visit of a privacy page: the client, the device of its cookie, the brand, and the language."""

import time
from typing import Final, NamedTuple

from starlette.requests import Request

from gateway.brand.live import BrandView, LiveBrand
from gateway.http.client_limit import ClientLimit
from gateway.http.errors import ErrorKind, RequestError
from gateway.http.languages import wanted_languages
from gateway.http.privacy_control import sends_gpc
from gateway.http.rate_limits import TokenBuckets
from gateway.identifiers.cards import LOYALTY, CardNumbers
from gateway.metrics import Metrics
from gateway.privacy.texts import texts_for
from gateway.privacy.texts.model import Texts
from gateway.publish.clock import Clock
from gateway.scan.device import DeviceCookies, cookies_of
from schemas.identifiers.dead import EVER_AFTER
from schemas.identifiers.types import DEVICE

PAGES_PER_S: Final = 10
"""Of one client address; a whole shop shares one."""


class Visit(NamedTuple):
    """``device`` is empty where there is none, and ``card`` where no phone gets one (gateway/identifiers/cards.py);
    ``now`` in microseconds; ``wanted`` are the phone's languages."""

    brand_view: BrandView
    client: str
    device: str
    https: bool
    cookies: dict[str, str]
    gpc: bool
    now: int
    wanted: list[str]
    texts: Texts
    card: str = ""

    @property
    def now_s(self) -> float:
        return self.now / 1_000_000

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The device, and its card, as they are known behind the gateway, under every key."""
        pseudonyms = self.brand_view.pseudonyms
        cards = pseudonyms.all_identifiers(LOYALTY, self.card, EVER_AFTER) if self.card else ()
        return pseudonyms.all_identifiers(DEVICE, self.device, EVER_AFTER) + cards

    @property
    def owner(self) -> str:
        """Whose the requests of this device are."""
        return f"device\0{self.device}"

    @property
    def brand_name(self) -> str:
        return " ".join(self.brand_view.brand.about.name.split())


class Visits:
    """Reads requests. :param tls: as in gateway/scan. :param cards: None: phones get no cards."""

    def __init__(
        self,
        brand: LiveBrand,
        clients: ClientLimit,
        devices: DeviceCookies,
        clock: Clock,
        metrics: Metrics,
        tls: bool,
        cards: CardNumbers | None = None,
    ) -> None:
        self._brand = brand
        self._clients = clients
        self._devices = devices
        self._clock = clock
        self._metrics = metrics
        self._tls = tls
        self._cards = cards
        self._buckets = TokenBuckets(PAGES_PER_S)

    def texts_of(self, request: Request) -> Texts:
        """The texts in the phone's language."""
        wanted = wanted_languages(request.headers.get("accept-language", ""))
        return texts_for(wanted, self._brand.view().brand.about.language)

    def admit(self, request: Request) -> Visit:
        """:raises RequestError: ADDRESS_RATE or NO_BRAND."""
        client = self._clients.admit(request)
        if wait_s := self._buckets.take(client.address, 1, time.monotonic()):
            self._metrics.limited.labels("privacy_pages").inc()
            raise RequestError(ErrorKind.ADDRESS_RATE, "too many requests from this address", wait_s)
        brand_view, now = self._brand.view(), self._clock.now_us()
        headers, https = request.scope["headers"], client.https or self._tls
        cookies = cookies_of(headers)
        device = self._devices.known(cookies, https, now / 1_000_000)
        wanted = wanted_languages(request.headers.get("accept-language", ""))
        return Visit(
            brand_view,
            client.address,
            "" if device is None else device.id,
            https,
            cookies,
            sends_gpc(headers),
            now,
            wanted,
            texts_for(wanted, brand_view.brand.about.language),
            "" if device is None or self._cards is None else self._cards.of(device.id),
        )
