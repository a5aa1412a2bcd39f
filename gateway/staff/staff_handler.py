"""``/staff``: somebody of the shop signs in by a key or a badge, and sees what the shopper they serve allows."""

import time
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.http.errors import ErrorKind, RequestError
from gateway.http.keys import find_key
from gateway.http.staff_sessions import Holder, Sessions, holder_of_key
from gateway.privacy import page_parts as html
from gateway.privacy.form_guard import TOKEN, FormGuard, with_forged_page
from gateway.privacy.page_handler import see_other
from gateway.privacy.per_hour import PerHour
from gateway.privacy.tokens import Tokens
from gateway.privacy.visit import Visit, Visits
from gateway.staff import staff_page as page
from gateway.staff.looks import Asker, Looks
from gateway.staff.profile import KEPT_US
from gateway.staff.texts import STAFF_TEXTS, StaffTexts

SIGN_INS_AN_HOUR: Final = 120
"""Of one client address; a whole shop shares one."""
_SAID: Final = {
    ErrorKind.INVALID: "invalid",
    ErrorKind.PROFILE_RATE: "too_many",
    ErrorKind.SATURATED: "away",
    ErrorKind.NO_PROFILE_YET: "away",
    ErrorKind.NOT_IN_KAFKA: "away",
    ErrorKind.NO_REJECT_KEY: "away",
}
"""Which text says why there is no profile."""


class StaffHandler:
    """:param base: path of the address that phones reach the gateway at. :param privacy: where people say what they
    allow."""

    def __init__(
        self,
        visits: Visits,
        guard: FormGuard,
        tokens: Tokens,
        sessions: Sessions,
        looks: Looks,
        base: str,
        privacy: str,
    ) -> None:
        self._visits = visits
        self._guard = guard
        self._tokens = tokens
        self._sessions = sessions
        self._looks = looks
        self._base = f"{base}/staff"
        self._privacy = privacy
        self._sign_ins = PerHour(SIGN_INS_AN_HOUR)

    async def staff(self, request: Request) -> Response:
        """200 and the form: for a key, or for whoever is signed in for an identifier."""
        visit = self._visits.admit(request)
        texts, holder = _texts(visit), self._holder(visit)
        body = self._sign_in_form(visit) if holder is None else self._find_form(visit, holder)
        return html.html_response(visit.texts, texts.title, body)

    @with_forged_page
    async def staff_sign_in(self, request: Request) -> Response:
        """303 to the page, signed in; 403 where it is no key of staff.

        :raises RequestError: FORGED, or ADDRESS_RATE: too many tries.
        """
        visit = self._visits.admit(request)
        fields = await self._guard.fields(request, visit.client, _whose(None), visit.now_s)
        if wait_s := self._sign_ins.take(visit.client, time.monotonic()):
            raise RequestError(ErrorKind.ADDRESS_RATE, "too many sign-ins from this address", wait_s)
        key = find_key(fields.get("key", "").strip(), visit.brand_view.brand.api_keys)
        holder = holder_of_key(key) if key is not None else None
        if holder is None:
            texts = _texts(visit)
            body = page.alert(texts.wrong_key) + self._sign_in_form(visit)
            return html.html_response(visit.texts, texts.title, body, ErrorKind.NO_STAFF_SCOPE.status)
        return see_other(self._base, [self._sessions.begun(holder, visit.https, visit.now_s)])

    @with_forged_page
    async def staff_sign_out(self, request: Request) -> Response:
        """303 to the page, signed out."""
        visit = self._visits.admit(request)
        await self._guard.fields(request, visit.client, _whose(self._holder(visit)), visit.now_s)
        return see_other(self._base, [self._sessions.ended(visit.https)])

    @with_forged_page
    async def staff_look(self, request: Request) -> Response:
        """200 and what the shopper allows to be seen; why there is nothing in words; 303 where nobody is signed in."""
        visit = self._visits.admit(request)
        holder = self._holder(visit)
        if holder is None:
            return see_other(self._base, [])
        fields = await self._guard.fields(request, visit.client, _whose(holder), visit.now_s)
        texts, kind = _texts(visit), fields.get("kind", "")
        try:
            asker = Asker(holder.id, "badge" if holder.is_badge else "page")
            profile = await self._looks.of(kind, fields.get("value", ""), asker, visit.brand_view, visit.now)
        except RequestError as error:
            if error.kind not in _SAID:
                raise
            body = page.alert(getattr(texts, _SAID[error.kind])) + self._find_form(visit, holder, kind)
            return html.html_response(visit.texts, texts.title, body, error.kind.status)
        if profile is None:
            body = html.paragraph(texts.nothing.format(address=self._privacy)) + self._find_form(visit, holder, kind)
            return html.html_response(visit.texts, texts.nothing_title, body)
        body = page.profile_html(profile, texts, visit) + html.link(self._base, texts.again, quiet=True)
        return html.html_response(visit.texts, texts.found, body, then=(KEPT_US // 1_000_000, self._base))

    def _holder(self, visit: Visit) -> Holder | None:
        return self._sessions.holder(visit.cookies, visit.brand_view.brand, visit.now_s)

    def _token(self, visit: Visit, holder: Holder | None) -> dict[str, str]:
        return {TOKEN: self._tokens.form(_whose(holder), visit.now_s)}

    def _sign_in_form(self, visit: Visit) -> str:
        texts = _texts(visit)
        field = page.field("key", texts.key, 'type="password" autocomplete="current-password" maxlength="256"')
        form = html.form(f"{self._base}/sign-in", self._token(visit, None), field + html.button(texts.sign_in))
        return html.paragraph(texts.sign_in_text) + form

    def _find_form(self, visit: Visit, holder: Holder, kind: str = "") -> str:
        texts = _texts(visit)
        kinds = [*texts.kinds.items(), *((one, one) for one in visit.brand_view.brand.about.identifier_types)]
        fields = page.choice("kind", texts.kind, kinds, kind) + page.field(
            "value", texts.value, 'autocomplete="off" maxlength="256"'
        )
        find = html.form(self._base, self._token(visit, holder), fields + html.button(texts.find))
        out = html.form(f"{self._base}/sign-out", self._token(visit, holder), page.quiet_button(texts.sign_out))
        return html.paragraph(texts.find_text) + find + out


def _texts(visit: Visit) -> StaffTexts:
    return STAFF_TEXTS[visit.texts.language]


def _whose(holder: Holder | None) -> str:
    """Whom a form's token is for, in a form that no device has."""
    return f"staff\0{holder.is_badge}\0{holder.id}" if holder is not None else "staff"
