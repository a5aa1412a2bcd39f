"""``/me/wallet``: passes of the phone's own card and coupons, for whoever has the cookie of their device."""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.errors import ErrorKind, RequestError
from gateway.privacy.own_data import OwnData
from gateway.privacy.visit import Visit, Visits
from gateway.profile.account import Account, Coupon
from gateway.profile.me_page import Wallets, texts_of
from gateway.profile.wallet.added_cards import AddedCards
from gateway.profile.wallet.apple import MEDIA_TYPE, apple_pass
from gateway.profile.wallet.google import save_link
from gateway.profile.wallet.passes import CARD, COUPON, Pass, pass_id
from gateway.profile.words import me_words
from gateway.profile.words.model import MeWords
from gateway.wallet_keys import AppleCertificate, GoogleAccount
from schemas.brand.look import Look
from schemas.coupons.codes import normalised, shown

APPLE: Final = "apple"
GOOGLE: Final = "google"
Signed = Callable[[], Response]


class WalletHandler:
    """:param apple: None: there are no passes for Apple Wallet. :param google: None: none for Google Wallet.

    :param issuer: the brand's number at Google. :param key: secret of the deployment, which all gateways share.
    """

    def __init__(
        self,
        visits: Visits,
        own: OwnData[Account],
        added: AddedCards,
        key: bytes,
        apple: AppleCertificate | None,
        google: GoogleAccount | None,
        issuer: str,
    ) -> None:
        self._visits = visits
        self._own = own
        self._added = added
        self._key = key
        self._apple = apple
        self._google = google if issuer else None
        self._issuer = issuer

    def wallets(self, look: Look) -> Wallets:
        """Which wallets take what. A card of Google's needs a logo."""
        apple = (APPLE,) if self._apple is not None else ()
        google = (GOOGLE,) if self._google is not None else ()
        return Wallets(apple + (google if look.logo else ()), apple + google)

    async def me_card(self, request: Request) -> Response:
        """The pass of the device's card, as :meth:`me_coupon`; from now on card and device belong together."""
        visit, account = await self._admit(request, lambda wallets: wallets.for_cards)
        words, number = _words(visit), visit.card
        await self._added.say(visit)
        card = Pass(
            kind=CARD,
            id=pass_id(self._key, CARD, number),
            group="",
            code=number,
            shown=shown(number),
            title=words.card,
            points=account.balance,
        )
        return await self._signed(request, visit, card, words)

    async def me_coupon(self, request: Request) -> Response:
        """200 and the file for Apple Wallet, 303 to where Google Wallet saves the pass.

        :raises RequestError: NO_PASS: no such wallet, or no coupon of this device; NO_ACCOUNT_YET.
        """
        visit, account = await self._admit(request, lambda wallets: wallets.for_coupons)
        coupon = _own_coupon(account, request.path_params["code"])
        words = _words(visit)
        title, text = texts_of(visit.brand_view.brand.coupon_pools.get(coupon.pool), words.language)
        one = Pass(
            kind=COUPON,
            id=pass_id(self._key, COUPON, coupon.code),
            group=coupon.pool,
            code=coupon.code,
            shown=shown(coupon.code),
            title=title or coupon.pool,
            text=text,
            expires_at=coupon.expires_at,
        )
        return await self._signed(request, visit, one, words)

    async def _admit(self, request: Request, of: Callable[[Wallets], tuple[str, ...]]) -> tuple[Visit, Account]:
        visit = self._visits.admit(request)
        if request.path_params["wallet"] not in of(self.wallets(visit.brand_view.brand.about.look)) or not visit.device:
            raise _no_pass()
        found = await self._own.of(visit)
        if found.waits or found.failed:
            raise RequestError(ErrorKind.NO_ACCOUNT_YET, "this has not come yet: try again", retry_after_s=3)
        return visit, found.data or Account()

    async def _signed(self, request: Request, visit: Visit, one: Pass, words: MeWords) -> Response:
        about = visit.brand_view.brand.about
        name = visit.brand_name
        if request.path_params["wallet"] == APPLE:
            assert self._apple is not None
            content = await asyncio.to_thread(apple_pass, one, name, about.look, words, self._apple)
            headers = {"Content-Disposition": f'attachment; filename="{one.kind}.pkpass"'}
            return Response(content, headers=headers, media_type=MEDIA_TYPE)
        assert self._google is not None
        link = await asyncio.to_thread(
            save_link, one, name, about.id, about.look, words, self._google, self._issuer, int(visit.now_s)
        )
        return Response(status_code=303, headers={"Location": link})


def _words(visit: Visit) -> MeWords:
    return me_words(visit.wanted, visit.brand_view.brand.about.language)


def _own_coupon(account: Account, code: str) -> Coupon:
    """:raises RequestError: NO_PASS."""
    found = next((one for one in account.coupons if one.code == normalised(code)), None)
    if found is None:
        raise _no_pass()
    return found


def _no_pass() -> RequestError:
    return RequestError(ErrorKind.NO_PASS, "there is no such pass on this device")
