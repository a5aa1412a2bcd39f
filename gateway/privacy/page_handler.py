"""``/privacy``: for the device of a phone's cookie, what is known, what it allows, its data as a file, its erasure."""

import re
from datetime import UTC, datetime
from html import escape
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from gateway.events_api.draft import Sender
from gateway.events_api.errors import ValidationError
from gateway.events_api.validate import Accepted, validate
from gateway.http.errors import ErrorKind, RequestError
from gateway.privacy import page_parts as html
from gateway.privacy.answers import ERASE, EXPORT, NOBODY, Answers
from gateway.privacy.api_handler import data_response
from gateway.privacy.device_view import Summary, Switch, switches
from gateway.privacy.form_guard import TOKEN, FormGuard, forged, with_forged_page
from gateway.privacy.parts import Parts
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.shows import Shown, Shows
from gateway.privacy.submission import DEVICE, PAGE, PrivacyRequest, Submission
from gateway.privacy.texts import day, nearest
from gateway.privacy.tokens import BROWSER_S, Tokens
from gateway.privacy.visit import Visit, Visits
from gateway.publish.publisher import Publisher
from gateway.publish.spool import SpoolFull
from gateway.scan.device import no_cookies
from schemas import kinds
from schemas.brand.consent import Policy
from schemas.consent.choices import Choice, Consents
from schemas.consent.permission import Why
from schemas.consent.purposes import KEYS, channel_of, purpose_of

SAID_COOKIE: Final = "fp_said"
"""What was said on the page just now, until the stream has it: for nothing but to be shown."""
SAID_S: Final = 180
REQUEST_COOKIE: Final = "fp_request"
"""The request that this browser may look at though its device has no cookie any more, or never had one."""
_SAID: Final = re.compile(r"([a-z/]{1,30}):([01]):([0-9]{1,17})")


class PageHandler:
    """:param base: path of the address that phones reach the gateway at, before ``/privacy``.

    :param sends_links: whether the page can send links for what concerns the whole person.
    """

    def __init__(
        self,
        visits: Visits,
        shows: Shows,
        guard: FormGuard,
        tokens: Tokens,
        submission: Submission,
        publisher: Publisher,
        answers: Answers,
        parts: Parts,
        ids: RequestIds,
        base: str,
        sends_links: bool,
    ) -> None:
        self._visits = visits
        self._shows = shows
        self._guard = guard
        self._tokens = tokens
        self._submission = submission
        self._publisher = publisher
        self._answers = answers
        self._parts = parts
        self._ids = ids
        self._base = f"{base}/privacy"
        self._me = f"{base}/me"
        self._sends_links = sends_links

    async def privacy(self, request: Request) -> Response:
        """200 and the page."""
        visit = self._visits.admit(request)
        texts, name = visit.texts, visit.brand_name
        shown = await self._shows.of(visit) if visit.device else Shown()
        body = html.paragraph(texts.intro.format(brand=name)) + self._known(visit, shown)
        after = self._own(visit) + self._person(visit)
        if visit.device:
            body += self._allowed(visit, shown, html.MAX_BODY_BYTES - len((body + after).encode()))
        return html.html_response(texts, texts.title, body + after, waits=shown.waits)

    async def privacy_policy(self, request: Request) -> Response:
        """200 and the whole text of a purpose. :raises RequestError: NO_REQUEST: there is no such purpose."""
        visit = self._visits.admit(request)
        key = request.path_params["key"]
        if key not in KEYS or purpose_of(key) not in visit.brand_view.brand.consent:
            raise RequestError(ErrorKind.NO_REQUEST, "there is no such purpose")
        name, meaning = visit.texts.purposes[key]
        text = html.policy_text(_policy(visit, key), meaning, visit.texts, 0, html.MAX_BODY_BYTES, "")
        return html.html_response(visit.texts, name, text + html.link(self._base, visit.texts.back, quiet=True))

    @with_forged_page
    async def privacy_said(self, request: Request) -> Response:
        """303 to the page: a switch was used, and Kafka or the spool has the statement."""
        visit, fields = await self._posted(request)
        key, is_given = fields.get("key", ""), fields.get("given", "")
        rules = visit.brand_view.brand.consent.get(purpose_of(key))
        if key not in KEYS or rules is None or is_given not in ("0", "1"):
            raise forged()
        if fields.get("version", "") == rules.policy:  # else another text has come into force, which nobody has read
            try:
                await self._publisher.publish([_statement(visit, key, is_given == "1").event])
            except (SpoolFull, ValidationError):
                raise RequestError(ErrorKind.NOT_STORED, "this cannot be stored right now", retry_after_s=5) from None
            return self._back(visit, [self._said_cookie(visit, key, is_given)])
        return self._back(visit, [])

    @with_forged_page
    async def privacy_page_export(self, request: Request) -> Response:
        """303 to the request for the device's data."""
        visit, _ = await self._posted(request)
        self._parts.check_key()
        return await self._submit(visit, EXPORT, [])

    async def privacy_sure(self, request: Request) -> Response:
        """200 and the question whether the device is to be erased."""
        visit = self._visits.admit(request)
        texts = visit.texts
        if not visit.device:
            return html.html_response(texts, texts.title, html.paragraph(texts.no_device))
        sure = html.form(f"{self._base}/erase", self._token(visit), html.button(texts.sure))
        body = html.paragraph(texts.sure_text) + sure + html.link(self._base, texts.back, quiet=True)
        return html.html_response(texts, texts.sure_title, body)

    @with_forged_page
    async def privacy_page_erase(self, request: Request) -> Response:
        """303 to the request that erases the device; the phone's cookie is taken away."""
        visit, _ = await self._posted(request)
        return await self._submit(visit, ERASE, no_cookies(visit.https))

    async def privacy_page_request(self, request: Request) -> Response:
        """200 and how far a request has come; 404 where it is not this browser's."""
        visit = self._visits.admit(request)
        request_id = self._own_request(visit, request.path_params["id"])
        texts = visit.texts
        if request_id is None:
            body = html.paragraph(texts.no_request) + html.link(self._base, texts.back, quiet=True)
            return html.html_response(texts, texts.request_title, body, 404)
        answer = self._answers.get(request_id)
        waits = answer is None or not answer.is_final
        if answer is None or waits:
            body = html.paragraph(texts.working)
        elif answer.status == NOBODY:
            body = html.paragraph(texts.nobody)
        elif answer.status != "done":
            body = html.paragraph(texts.failed)
        elif answer.action == EXPORT:
            data = html.link(f"{self._base}/requests/{request_id}/data", texts.download)
            body = html.paragraph(texts.exported) + data + html.paragraph(texts.kept, quiet=True)
        else:
            body = html.paragraph(texts.erased)
        body = f'<div role="status">{body}</div>'
        number = html.paragraph(texts.number.format(number=request_id), quiet=True)
        return html.html_response(
            texts, texts.request_title, body + number + html.link(self._base, texts.back, quiet=True), waits=waits
        )

    async def privacy_page_data(self, request: Request) -> Response:
        """200 and the file of an export; 404 where it is not this browser's. :raises RequestError: see data_response"""
        visit = self._visits.admit(request)
        request_id = self._own_request(visit, request.path_params["id"])
        answer = self._answers.get(request_id) if request_id is not None else None
        if request_id is None or answer is None:
            raise RequestError(ErrorKind.NO_REQUEST, "there is no such request on this device")
        return await data_response(self._answers, self._parts, request_id, answer, visit.now)

    async def _posted(self, request: Request) -> tuple[Visit, dict[str, str]]:
        """A form that this device posted. :raises RequestError: FORGED, or as reading it."""
        visit = self._visits.admit(request)
        if not visit.device:
            raise forged()
        return visit, await self._guard.fields(request, visit.client, visit.device, visit.now_s)

    async def _submit(self, visit: Visit, action: str, cookies: list[bytes]) -> Response:
        request_id = self._ids.fresh(visit.owner)
        await self._submission.submit(PrivacyRequest(request_id, action, DEVICE, visit.identifiers, PAGE, visit.now))
        cookies = [*cookies, request_cookie(self._tokens, request_id, visit, self._base)]
        return see_other(f"{self._base}/requests/{request_id}", cookies)

    def _own_request(self, visit: Visit, request_id: str) -> str | None:
        own = self._ids.canonical(request_id, visit.owner) if visit.device else None
        kept = self._tokens.read_browser(visit.cookies.get(REQUEST_COOKIE, ""), visit.now_s)
        return own or (kept if kept == request_id.lower() else None)

    def _back(self, visit: Visit, cookies: list[bytes]) -> Response:
        return see_other(self._base, cookies)

    def _token(self, visit: Visit) -> dict[str, str]:
        return {TOKEN: self._tokens.form(visit.device, visit.now_s)}

    def _known(self, visit: Visit, shown: Shown) -> str:
        texts = visit.texts
        if not visit.device:
            found = html.paragraph(texts.no_device)
        elif shown.waits:
            found = f'<p role="status">{escape(texts.gathering)}</p>'
        elif shown.failed:
            found = html.paragraph(texts.unavailable)
        elif shown.summary is None or not (lines := _lines(shown.summary, visit)):
            found = html.paragraph(texts.nothing)
        else:
            found = html.items(lines)
        if visit.device and visit.brand_view.brand.rewards:
            found += f'<p><a href="{escape(self._me)}">{escape(texts.me)}</a></p>'
        return html.section(texts.known, found)

    def _allowed(self, visit: Visit, shown: Shown, room: int) -> str:
        texts = visit.texts
        found = switches(visit.brand_view.brand, _with_just_said(shown.said, visit), visit.now)
        body = html.paragraph(texts.gpc) if visit.gpc else ""
        if not found:
            return html.section(texts.allow, body + html.paragraph(texts.no_purposes))
        # Room for the texts is shared out among the purposes, once all else of them has its place.
        without = "".join(self._switch(number, one, visit, 0) for number, one in enumerate(found))
        each = max(0, room - len(without.encode())) // len(found)
        body += "".join(self._switch(number, one, visit, each) for number, one in enumerate(found))
        return html.section(texts.allow, body)

    def _switch(self, number: int, one: Switch, visit: Visit, room: int) -> str:
        texts = visit.texts
        name, meaning = texts.purposes[one.key]
        allowed = one.permission.allowed
        fields = {"key": one.key, "given": str(int(not allowed)), "version": one.policy, **self._token(visit)}
        control = html.switch(number, name, allowed, texts, f"{self._base}/consent", fields)
        more = f"{self._base}/policy/{one.key}"
        text = html.policy_text(_policy(visit, one.key), meaning, texts, number, room, more)
        match one.permission.why:
            case Why.GPC:
                because = texts.by_gpc
            case _ if one.since:
                because = texts.since.format(day=day(one.since, texts))
            case _:
                because = texts.unsaid_on if allowed else texts.unsaid_off
        version = (one.chosen_policy if one.since else "") or one.policy
        if version:
            because = f"{because} {texts.version.format(version=version)}"
        return f"<section>{control}{text}{html.paragraph(because, quiet=True)}</section>"

    def _own(self, visit: Visit) -> str:
        texts = visit.texts
        if not visit.device:
            return ""
        export = html.form(f"{self._base}/export", self._token(visit), html.button(texts.export))
        erase = html.link(f"{self._base}/erase", texts.erase)
        return html.section(
            texts.own,
            html.paragraph(texts.export_text) + export + html.paragraph(texts.erase_text) + erase,
        )

    def _person(self, visit: Visit) -> str:
        texts = visit.texts
        if not self._sends_links:
            return html.section(texts.person, html.paragraph(texts.ask.format(brand=visit.brand_name)))
        field = (
            f'<label for="address">{escape(texts.address)}</label>'
            '<input id="address" type="email" name="address" autocomplete="email" required maxlength="256">'
        )
        form = html.form(f"{self._base}/link", self._token(visit), field + html.button(texts.send))
        return html.section(texts.person, html.paragraph(texts.person_text) + form)

    def _said_cookie(self, visit: Visit, key: str, given: str) -> bytes:
        said = {key: f"{key}:{given}:{visit.now}"}
        for found in _SAID.finditer(visit.cookies.get(SAID_COOKIE, "")):
            said.setdefault(found[1], found[0])
        return _cookie(SAID_COOKIE, "|".join(said.values()), SAID_S, self._base, visit.https)


def see_other(address: str, cookies: list[bytes]) -> Response:
    """303: the next page is asked for with GET."""
    response = Response(status_code=303, headers={"Location": address})
    response.raw_headers.extend((b"set-cookie", cookie) for cookie in cookies)
    return response


def request_cookie(tokens: Tokens, request_id: str, visit: Visit, path: str) -> bytes:
    """The value of ``Set-Cookie`` with which a browser may look at a request."""
    return _cookie(REQUEST_COOKIE, tokens.browser(request_id, visit.now_s), BROWSER_S, path, visit.https)


def _cookie(name: str, value: str, age_s: int, path: str, https: bool) -> bytes:
    secure = "; Secure" if https else ""
    return f"{name}={value}; HttpOnly; Max-Age={age_s}; Path={path}; SameSite=lax{secure}".encode()


def _with_just_said(said: Consents, visit: Visit) -> Consents:
    """With what was said on the page, and what the browser says: of both the stream may not know yet."""
    gpc_at = visit.now
    for found in _SAID.finditer(visit.cookies.get(SAID_COOKIE, "")):
        at = int(found[3])
        if found[1] in KEYS and visit.now - SAID_S * 1_000_000 < at <= visit.now:
            policy = visit.brand_view.brand.consent.get(purpose_of(found[1]))
            version = policy.policy if policy is not None else ""
            said = said.with_choice([found[1]], Choice(at, found[2] == "1", 0, 0, version))
            gpc_at = min(gpc_at, at)
    return said.with_gpc(gpc_at) if visit.gpc and said.gpc_at is None else said


def _policy(visit: Visit, key: str) -> Policy | None:
    """The text in force of a purpose: in the phone's language, else in the brand's, else in any."""
    rules = visit.brand_view.brand.consent.get(purpose_of(key))
    texts = [one for one in rules.policies if one.version == rules.policy] if rules is not None else []
    if not texts:
        return None
    wanted = [*visit.wanted, visit.texts.language, visit.brand_view.brand.about.language.lower()]
    language = nearest(wanted, [one.language for one in texts])
    return next((one for one in texts if one.language == language), texts[0])


def _statement(visit: Visit, key: str, is_given: bool) -> Accepted:
    """The event of a switch, with what was shown as its proof. :raises ValidationError: a bug, or a spoilt brand."""
    policy = _policy(visit, key)
    text = visit.texts.purposes[key][1] if policy is None else policy.text
    language = visit.texts.language if policy is None else policy.language
    properties = {
        "purposes": [purpose_of(key)],
        **({"channels": [channel_of(key)]} if channel_of(key) else {}),
        "policy_version": "" if policy is None else policy.version,
        "proof": {"text": text, "language": language, "where": "/privacy", "control": "switch"},
    }
    raw = {
        "type": kinds.CONSENT_GIVEN if is_given else kinds.CONSENT_WITHDRAWN,
        "occurred_at": datetime.fromtimestamp(visit.now / 1_000_000, UTC).isoformat(timespec="microseconds"),
        "identifiers": [{"type": "device", "value": visit.device}],
        "properties": properties,
    }
    sender = Sender(PAGE, kinds.CONSENT, namespace="", gpc=visit.gpc)
    return validate(msgspec.json.encode(raw), sender, visit.brand_view, visit.now)


def _lines(known: Summary, visit: Visit) -> list[str]:
    """What is known, a sentence each."""
    texts, stores = visit.texts, visit.brand_view.brand.stores
    lines = []
    if known.touchpoints:
        first, last = day(known.first, texts), day(known.last, texts)
        template = texts.touchpoint if known.touchpoints == 1 else texts.touchpoints
        lines.append(template.format(count=known.touchpoints, first=first, last=last))
    if known.stores:
        names = [stores[store].name if store in stores else store for store in known.stores]
        lines.append(texts.places.format(places=", ".join(names)))
    if known.purchases:
        sums = ", ".join(f"{amount} {currency}" for currency, amount in known.sums)
        lines.append(texts.purchases.format(count=known.purchases, sums=sums))
    if known.points:
        lines.append(texts.points.format(points=known.points))
    if known.coupons:
        lines.append(texts.coupons.format(count=known.coupons))
    if known.decisions:
        lines.append(texts.decisions.format(count=known.decisions))
    return lines
