"""``/me``: what the phone of the request's cookie has collected. Never of anybody else: the device alone is asked for,
and what identity says of other devices of its person is not shown to whoever holds this one."""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.privacy.own_data import OwnData
from gateway.privacy.visit import Visit, Visits
from gateway.profile.account import Account
from gateway.profile.me_page import MePage, Rendered, Wallets
from gateway.profile.service_worker import KEEPS, POLICY, service_worker
from gateway.profile.shown_coupons import ShownCoupons
from gateway.profile.standing import zone_of
from gateway.profile.words import me_words
from gateway.scan.page_response import takes_gzip
from gateway.scan.personal_links import PersonalLinks
from schemas.brand.look import Look
from schemas.identifiers.dead import EVER_AFTER
from schemas.identifiers.types import DEVICE
from schemas.ids import person_of

AGAIN_AFTER_US: Final = 15_000_000
"""So long an answer is shown again."""


class MeHandler:
    """:param base: path of the address that phones reach the gateway at, before ``/me``. :param wallets: says which
    wallets take what, for a look. :param public_url: the address that phones reach the gateway at; may be empty."""

    def __init__(
        self,
        visits: Visits,
        own: OwnData[Account],
        shown: ShownCoupons,
        base: str,
        wallets: Callable[[Look], Wallets],
        links: PersonalLinks,
        public_url: str,
    ) -> None:
        self._visits = visits
        self._own = own
        self._shown = shown
        self._wallets = wallets
        self._links = links
        self._public_url = public_url
        self._base = base
        self._worker = service_worker(base)

    async def me(self, request: Request) -> Response:
        """200 and the page."""
        visit = self._visits.admit(request)
        brand = visit.brand_view.brand
        words = me_words(visit.wanted, brand.about.language)
        link = self._link(visit) if visit.device else ""
        page = MePage(brand, words, visit.now, zone_of(brand), self._base, self._wallets(brand.about.look), link)
        if not visit.device:
            return _response(page.of_nobody(), "drop", request)
        found = await self._own.of(visit)
        if found.waits:
            return _response(page.waiting(), "wait", request)
        if found.failed:
            return _response(page.away(), "wait", request)
        if found.data is None:
            return _response(page.of_nobody(), "drop", request)
        # Codes are drawn, and what is too large is compressed once more: scans need not wait for that.
        rendered, coupons = await asyncio.to_thread(page.of_account, found.data)
        await self._shown.say(coupons, visit.now)
        return _response(rendered, "keep", request)

    def _link(self, visit: Visit) -> str:
        device = visit.brand_view.pseudonyms.identifier(DEVICE, visit.device, EVER_AFTER)
        return self._links.link(visit.brand_view, person_of(device), self._public_url or self._base) or ""

    async def me_worker(self, request: Request) -> Response:
        """200 and the service worker, which may answer for ``/me`` though it lies below that."""
        headers = {
            "Service-Worker-Allowed": f"{self._base}/me",
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-cache",
        }
        return Response(self._worker, headers=headers, media_type="text/javascript")


def _response(rendered: Rendered, keeps: str, request: Request) -> Response:
    headers = {
        "Content-Security-Policy": rendered.policy,
        "Vary": "Accept-Encoding, Accept-Language, Cookie",
        KEEPS: keeps,
    }
    if takes_gzip(request.scope["headers"]):
        headers["Content-Encoding"] = "gzip"
        return Response(rendered.packed, headers=headers, media_type="text/html")
    return Response(rendered.html, headers=headers, media_type="text/html")
