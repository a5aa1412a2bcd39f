"""The ASGI application: what the handlers share, the endpoints, and the tasks that run beside them.

To add an endpoint: its handler with its ``API`` part in a room, and one entry in :data:`ENDPOINTS`. A handler's
constructor takes exactly what it uses.
"""

import asyncio
import logging
import re
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.routing import Route

from gateway import health, openapi
from gateway.brand.live import LiveBrand
from gateway.coupons import coupons_openapi
from gateway.coupons.coupons_handler import CouponsHandler
from gateway.deployment import Deployment
from gateway.events_api import events_openapi
from gateway.events_api.events_handler import EventsHandler
from gateway.gs1 import gs1_openapi
from gateway.gs1.gs1_handler import Gs1Handler
from gateway.gs1.key_convertor import Gs1KeyConvertor
from gateway.health import MetricsHandler, ReadyHandler, StreamHandler
from gateway.http.admission import AdmissionLimit
from gateway.http.body import BodyMemory
from gateway.http.client_limit import ClientLimit
from gateway.http.connections import ConnectionLimits
from gateway.http.cross_origin import CrossOriginMiddleware
from gateway.http.errors import RequestError
from gateway.http.middleware import CommonMiddleware
from gateway.http.open_files import allow_connections
from gateway.http.openapi_parts import ApiPart
from gateway.http.responses import RawEndpoint, http_exception_response, request_error_response
from gateway.http.staff_sessions import Sessions
from gateway.identifiers.cards import CardNumbers
from gateway.identifiers.contacts import Contacts
from gateway.identifiers.device_links import DeviceLinks
from gateway.identifiers.erased import ErasedContacts
from gateway.identifiers.links import ValueLinks
from gateway.landing.live_address import LiveAddresses
from gateway.live import live_openapi
from gateway.live.live_handler import LiveHandler
from gateway.live.rewards import PostedRewards
from gateway.live.streams import LiveStreams
from gateway.metrics import Metrics
from gateway.openapi import DocumentHandler
from gateway.points import spend_openapi
from gateway.points.spend_handler import SpendHandler
from gateway.privacy import api_openapi, page_openapi
from gateway.privacy.answers import ME, Answers
from gateway.privacy.api_handler import PrivacyApiHandler
from gateway.privacy.erasures import Erasures
from gateway.privacy.form_guard import FormGuard
from gateway.privacy.letters import Letters
from gateway.privacy.link_handler import LinkHandler
from gateway.privacy.own_data import OwnData
from gateway.privacy.page_handler import PageHandler
from gateway.privacy.parts import Parts
from gateway.privacy.request_ids import RequestIds
from gateway.privacy.shows import Shows
from gateway.privacy.submission import Submission
from gateway.privacy.tokens import Tokens
from gateway.privacy.visit import Visits
from gateway.profile import me_openapi
from gateway.profile.account import read_account
from gateway.profile.me_handler import AGAIN_AFTER_US, MeHandler
from gateway.profile.shown_coupons import ShownCoupons
from gateway.profile.wallet import wallet_openapi
from gateway.profile.wallet.added_cards import AddedCards
from gateway.profile.wallet.wallet_handler import WalletHandler
from gateway.publish.apart import ApartTopics
from gateway.publish.backlog import Backlog
from gateway.publish.clock import Clock
from gateway.publish.producer import Producer
from gateway.publish.publisher import Publisher
from gateway.publish.spool import Spool
from gateway.referrals import referral_openapi
from gateway.referrals.referral_handler import ReferralHandler
from gateway.reply.pending import PendingReplies
from gateway.reply.probes import Probes
from gateway.scan import qr_handler, scan_openapi
from gateway.scan.device import DeviceCookies
from gateway.scan.first_scans import FirstScans
from gateway.scan.page_visit import PageVisits
from gateway.scan.personal_links import PersonalLinks
from gateway.scan.qr_handler import QrHandler
from gateway.scan.scan_handler import ScanHandler
from gateway.settings import Settings
from gateway.staff import staff_openapi
from gateway.staff.looks import Looks
from gateway.staff.profile_handler import ProfileHandler
from gateway.staff.staff_handler import StaffHandler
from gateway.surveys import answer_openapi
from gateway.surveys.answer_handler import AnswerHandler
from gateway.tracker import tracker_openapi
from gateway.tracker.tracker_handler import TrackerHandler
from gateway.trust.counters import Counters
from gateway.trust.link_check import LinkCheck
from gateway.trust.nobodys import Nobodys
from gateway.trust.scan_trust import ScanTrust
from schemas.codec.schema_registry import codec_with
from schemas.events import CouponAnswered, ScanRouted
from schemas.identifiers.devices import IssuedDevices
from schemas.identifiers.keys import keys_of
from schemas.process.errors import OperatorError
from schemas.topics import COUPON_ANSWERED

log = logging.getLogger(__name__)
CHECK_WAIT_S = 1.0
"""How long a start waits for the check of the deployment, and then for the end of the topic of replies: a gateway whose
Kafka is away serves fallbacks."""
ERASURES_WAIT_S = 5.0
"""How long a start waits, where Kafka answers, until all erasures are read."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What the handlers of one gateway share. Only :data:`ENDPOINTS` sees it as a whole."""

    settings: Settings
    metrics: Metrics
    brand: LiveBrand
    erasures: Erasures
    answers: Answers
    letters: Letters | None
    privacy_api: PrivacyApiHandler
    privacy_page: PageHandler
    privacy_links: LinkHandler
    me: MeHandler
    wallet: WalletHandler
    looks: Looks
    staff: StaffHandler
    connections: ConnectionLimits
    clients: ClientLimit
    admission: AdmissionLimit
    spool: Spool
    publisher: Publisher
    backlog: Backlog
    clock: Clock
    apart: ApartTopics
    replies: PendingReplies[ScanRouted]
    coupon_replies: PendingReplies[CouponAnswered]
    coupons: CouponsHandler
    devices: DeviceCookies
    probes: Probes
    deployment: Deployment
    contacts: Contacts
    links: ValueLinks
    scans: ScanHandler
    counters: Counters
    erased: ErasedContacts
    live_addresses: LiveAddresses
    live_streams: LiveStreams
    rewards: PostedRewards
    events: EventsHandler
    tracker: TrackerHandler
    personal_links: PersonalLinks
    surveys: AnswerHandler


class Endpoint(NamedTuple):
    """A path with its method, its part of the OpenAPI document, and what builds its handler. The handler's name is the
    ``route`` label of the request metrics. ``{name:text}`` takes any characters, slashes too. Those that are
    ``for_operators`` answer on a port of their own, and on that of phones only where it is asked for.
    """

    path: str
    method: str
    api: ApiPart
    build: Callable[[Services], Callable[..., Any]]
    for_operators: bool = False


class TextConvertor(Convertor[str]):
    """The rest of a path as it is."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("text", TextConvertor())
register_url_convertor("gs1", Gs1KeyConvertor())
EVENTS_PATH = "/v1/events"
OF_PAGES = frozenset({EVENTS_PATH, "/v1/tracker/events", "/v1/tracker/device"})
"""What pages of the brand's origins may send to."""
ServeOperators = Callable[[Starlette], Coroutine[Any, Any, None]]


ENDPOINTS = (
    Endpoint("/s/{tag:text}", "GET", scan_openapi.API, lambda s: RawEndpoint(s.scans.scan)),
    Endpoint(EVENTS_PATH, "POST", events_openapi.API, lambda s: s.events.events),
    Endpoint("/fp.js", "GET", tracker_openapi.SCRIPT_API, lambda s: s.tracker.tracker),
    Endpoint("/v1/tracker/events", "POST", tracker_openapi.EVENTS_API, lambda s: s.tracker.tracker_events),
    Endpoint("/v1/tracker/device", "POST", tracker_openapi.DEVICE_API, lambda s: s.tracker.tracker_device),
    Endpoint(
        "/v1/events/{id}/live", "GET", live_openapi.API,
        lambda s: LiveHandler(s.live_addresses, s.rewards, s.live_streams, s.clients, s.devices, s.clock,
                              s.settings.tls).live_events,
    ),
    Endpoint("/v1/privacy/export", "POST", api_openapi.EXPORT_API, lambda s: s.privacy_api.privacy_export),
    Endpoint("/v1/privacy/erase", "POST", api_openapi.ERASE_API, lambda s: s.privacy_api.privacy_erase),
    Endpoint("/v1/privacy/consent", "POST", api_openapi.CONSENT_API, lambda s: s.privacy_api.privacy_consent),
    Endpoint("/v1/privacy/requests/{id}", "GET", api_openapi.REQUEST_API, lambda s: s.privacy_api.privacy_request),
    Endpoint("/v1/privacy/requests/{id}/data", "GET", api_openapi.DATA_API, lambda s: s.privacy_api.privacy_data),
    Endpoint("/answer", "POST", answer_openapi.API, lambda s: s.surveys.answer),
    Endpoint("/privacy", "GET", page_openapi.PAGE_API, lambda s: s.privacy_page.privacy),
    Endpoint("/privacy/policy/{key:text}", "GET", page_openapi.POLICY_API, lambda s: s.privacy_page.privacy_policy),
    Endpoint("/privacy/consent", "POST", page_openapi.CONSENT_API, lambda s: s.privacy_page.privacy_said),
    Endpoint("/privacy/export", "POST", page_openapi.EXPORT_API, lambda s: s.privacy_page.privacy_page_export),
    Endpoint("/privacy/erase", "GET", page_openapi.SURE_API, lambda s: s.privacy_page.privacy_sure),
    Endpoint("/privacy/erase", "POST", page_openapi.ERASE_API, lambda s: s.privacy_page.privacy_page_erase),
    Endpoint("/privacy/requests/{id}", "GET", page_openapi.REQUEST_API, lambda s: s.privacy_page.privacy_page_request),
    Endpoint("/privacy/requests/{id}/data", "GET", page_openapi.DATA_API, lambda s: s.privacy_page.privacy_page_data),
    Endpoint("/privacy/link", "POST", page_openapi.SEND_API, lambda s: s.privacy_links.privacy_send_link),
    Endpoint("/privacy/link/{link}", "GET", page_openapi.LINK_API, lambda s: s.privacy_links.privacy_link),
    Endpoint("/privacy/link/{link}", "POST", page_openapi.USE_API, lambda s: s.privacy_links.privacy_use_link),
    Endpoint("/me", "GET", me_openapi.PAGE_API, lambda s: s.me.me),
    Endpoint("/me/sw.js", "GET", me_openapi.WORKER_API, lambda s: s.me.me_worker),
    Endpoint("/me/wallet/{wallet}/card", "GET", wallet_openapi.CARD_API, lambda s: s.wallet.me_card),
    Endpoint("/me/wallet/{wallet}/coupon/{code}", "GET", wallet_openapi.COUPON_API, lambda s: s.wallet.me_coupon),
    Endpoint(
        "/v1/people/{type}/{value:text}/profile", "GET", staff_openapi.PROFILE_API,
        lambda s: ProfileHandler(s.brand, s.looks, s.clock).person_profile,
    ),
    Endpoint(
        "/v1/referrals/link", "POST", referral_openapi.API,
        lambda s: ReferralHandler(s.brand, s.personal_links, s.settings.public_url).referral_link,
    ),
    Endpoint("/v1/coupons/{code}/reserve", "POST", coupons_openapi.RESERVE_API, lambda s: s.coupons.asks("reserve")),
    Endpoint("/v1/coupons/{code}/redeem", "POST", coupons_openapi.REDEEM_API, lambda s: s.coupons.asks("redeem")),
    Endpoint("/v1/coupons/{code}/release", "POST", coupons_openapi.RELEASE_API, lambda s: s.coupons.asks("release")),
    Endpoint("/v1/coupons/{code}/{kind}", "GET", coupons_openapi.PICTURE_API, lambda s: s.coupons.coupon_picture),
    Endpoint(
        "/v1/points/spend", "POST", spend_openapi.API,
        lambda s: SpendHandler(s.brand, s.publisher, s.rewards, s.links, s.clock).points_spend,
    ),
    Endpoint("/staff", "GET", staff_openapi.PAGE_API, lambda s: s.staff.staff),
    Endpoint("/staff", "POST", staff_openapi.LOOK_API, lambda s: s.staff.staff_look),
    Endpoint("/staff/sign-in", "POST", staff_openapi.SIGN_IN_API, lambda s: s.staff.staff_sign_in),
    Endpoint("/staff/sign-out", "POST", staff_openapi.SIGN_OUT_API, lambda s: s.staff.staff_sign_out),
    Endpoint(
        "/qr/{tag}.{kind}", "GET", qr_handler.API,
        lambda s: QrHandler(s.brand, s.clients, s.settings.public_url, s.settings.tls, s.settings.tag_keys).qr,
    ),
    Endpoint("/health/live", "GET", health.LIVE_API, lambda s: health.live, for_operators=True),
    Endpoint(
        "/health/ready", "GET", health.READY_API,
        lambda s: ReadyHandler(s.brand, s.spool, s.publisher, s.apart, s.clock).ready,
        for_operators=True,
    ),
    Endpoint(
        "/health/stream", "GET", health.STREAM_API,
        lambda s: StreamHandler(s.brand, s.publisher, s.replies, s.probes).stream,
        for_operators=True,
    ),
    Endpoint(
        "/metrics", "GET", health.METRICS_API,
        lambda s: MetricsHandler(s.metrics.registry).metrics,
        for_operators=True,
    ),
    Endpoint("/openapi.json", "GET", openapi.API, lambda s: DocumentHandler(build_document()).document),
    # The last one: its path may begin with anything.
    Endpoint(
        "/{key:gs1}/{value:text}", "GET", gs1_openapi.API,
        lambda s: RawEndpoint(Gs1Handler(s.brand, s.clients, s.scans, s.settings.public_url).digital_link),
    ),
)  # fmt: skip


def build_document() -> dict[str, Any]:
    """The OpenAPI document of all endpoints."""
    return openapi.build_document((described_path(endpoint.path), endpoint.api) for endpoint in ENDPOINTS)


def described_path(path: str) -> str:
    """A route's path as the document writes it, without what its parameters may be."""
    return re.sub(r":\w+}", "}", path)


def build_services(settings: Settings) -> Services:
    """The services, none of them connected yet.

    :raises SpoolError: the spool's directory cannot be used.
    :raises RegistryError: a schema registry is set and cannot be used.
    """
    codec = codec_with(settings.schema_registry, settings.reject_keys)
    metrics = Metrics()
    spool = Spool(settings.spool, settings.spool_mb * 1024 * 1024)
    clock = Clock()
    metrics.clock_ahead.set_function(lambda: clock.ahead_s)
    producer, timeout_s = Producer(settings.kafka, clock), settings.publish_timeout_ms / 1000
    erasures, answers = Erasures(settings.kafka, codec, settings.spool / "erased"), Answers(settings.kafka, codec)
    apart = ApartTopics(settings.spool / "apart", settings.spool_mb * 1024 * 1024, producer, clock, timeout_s, metrics)
    publisher = Publisher(producer, spool, apart, clock, codec, timeout_s, metrics)
    replies = PendingReplies[ScanRouted](settings.kafka, codec)
    coupon_replies = PendingReplies[CouponAnswered](settings.kafka, codec, COUPON_ANSWERED)
    probes = Probes(publisher, replies)
    admission = AdmissionLimit(settings.waiting)
    metrics.waiting.set_function(lambda: admission.in_progress)
    connections = ConnectionLimits(
        allow_connections(settings.connections), settings.connections_per_address, settings.trusted_proxies, metrics
    )
    metrics.connections.set_function(lambda: len(connections))
    brand = LiveBrand(settings.kafka, codec, settings.identifier_key, settings.spool / "brand.json", erasures.dead)
    submission, parts = Submission(publisher, answers), Parts(settings.kafka, codec, settings.reject_keys)
    request_ids = RequestIds(keys_of(settings.identifier_key).oldest)
    contacts = Contacts(settings.contact_keys, publisher, clock, metrics)
    erased = ErasedContacts(settings.kafka, contacts, erasures.dead, erasures.read_whole)
    erasures.followers.append(erased.on_erased)
    clients = ClientLimit(settings.scans_per_s, settings.trusted_proxies, metrics)
    issued = IssuedDevices(settings.identifier_key)
    devices = DeviceCookies(issued, settings.earlier_cookies_until_s)
    base, tokens = urlsplit(settings.public_url).path, Tokens(keys_of(settings.identifier_key).oldest)
    oldest = keys_of(settings.identifier_key).oldest
    google = settings.google_wallet if settings.google_issuer else None
    has_cards = settings.apple_pass is not None or google is not None
    visits = Visits(brand, clients, devices, clock, metrics, settings.tls, CardNumbers(oldest) if has_cards else None)
    own = OwnData(ME, AGAIN_AFTER_US, read_account, submission, answers, parts, request_ids)
    wallet = WalletHandler(
        visits, own, AddedCards(publisher), oldest, settings.apple_pass, google, settings.google_issuer
    )
    guard = FormGuard(tokens, settings.public_url)
    looks = Looks(submission, answers, parts, request_ids, publisher, metrics)
    letters = Letters(settings.smtp, metrics) if settings.smtp is not None and settings.public_url else None
    pages, links = PageVisits(keys_of(settings.identifier_key).newest, base), ValueLinks()
    device_links = DeviceLinks(keys_of(settings.identifier_key).oldest)
    live_addresses = LiveAddresses(keys_of(settings.identifier_key).oldest, base)
    counters = Counters(settings.kafka, codec, publisher)
    trust = ScanTrust(LinkCheck(settings.tag_keys), counters, Nobodys(publisher, metrics), metrics)
    personal_links = PersonalLinks(keys_of(settings.identifier_key).oldest)
    sessions = Sessions(keys_of(settings.identifier_key).oldest, f"{base}/staff")
    scans = ScanHandler(
        brand,
        clients,
        admission,
        publisher,
        replies,
        devices,
        pages,
        clock,
        metrics,
        settings.deadline_ms,
        settings.tls,
        links,
        live_addresses,
        device_links,
        trust,
        FirstScans(issued),
        sessions,
        personal_links,
        tokens.form,
    )
    backlog = Backlog(settings.kafka)
    largest = settings.body_kb * 1024
    memory = BodyMemory(settings.bodies_mb * 1024 * 1024, largest, settings.waiting // 4)
    events = EventsHandler(
        brand,
        admission,
        publisher,
        clock,
        metrics,
        settings.events_per_s,
        largest,
        memory,
        backlog,
        replies.delays.delay_s,
        contacts,
        links,
    )
    return Services(
        settings=settings,
        metrics=metrics,
        brand=brand,
        erasures=erasures,
        answers=answers,
        letters=letters,
        privacy_api=PrivacyApiHandler(
            brand, admission, submission, answers, parts, request_ids, contacts, clock, metrics
        ),
        privacy_page=PageHandler(
            visits,
            Shows(submission, answers, parts, request_ids),
            guard,
            tokens,
            submission,
            publisher,
            answers,
            parts,
            request_ids,
            base,
            letters is not None,
        ),
        privacy_links=LinkHandler(
            visits, guard, tokens, submission, answers, parts, request_ids, letters, settings.public_url, base
        ),
        me=MeHandler(visits, own, ShownCoupons(publisher), base, wallet.wallets, personal_links, settings.public_url),
        wallet=wallet,
        looks=looks,
        staff=StaffHandler(visits, guard, tokens, sessions, looks, base, f"{settings.public_url}/privacy"),
        connections=connections,
        clients=clients,
        admission=admission,
        spool=spool,
        publisher=publisher,
        backlog=backlog,
        replies=replies,
        devices=devices,
        clock=clock,
        apart=apart,
        probes=probes,
        coupon_replies=coupon_replies,
        coupons=CouponsHandler(brand, publisher, coupon_replies, clock, metrics),
        deployment=Deployment(settings, codec, replies, probes, coupon_replies),
        contacts=contacts,
        links=links,
        scans=scans,
        counters=counters,
        erased=erased,
        live_addresses=live_addresses,
        live_streams=LiveStreams(settings.connections // 4, metrics),
        rewards=PostedRewards(settings.kafka, codec),
        events=events,
        tracker=TrackerHandler(brand, events, device_links, clients, clock, metrics, memory),
        personal_links=personal_links,
        surveys=AnswerHandler(visits, guard, tokens, publisher, live_addresses, base),
    )


def build_app(settings: Settings, serve_operators: ServeOperators | None = None) -> Starlette:
    """The application; its background tasks run from the lifespan's start to its end.

    :param serve_operators: serves the application of operators on their port until it is cancelled.
    :raises SpoolError, RegistryError: see :func:`build_services`.
    """
    services = build_services(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        services.erasures.load()
        services.brand.load()
        deployment = services.deployment
        running = [
            asyncio.create_task(run, name=type(service).__name__)
            for service, run in (
                (deployment, deployment.check()),
                (services.brand, services.brand.run()),
                (services.erasures, services.erasures.run()),
                (services.answers, services.answers.run()),
                (services.counters, services.counters.run()),
                (services.replies, deployment.after(services.replies.run)),
                (services.coupon_replies, deployment.after(services.coupon_replies.run)),
                (services.publisher, deployment.after(services.publisher.run)),
                (services.contacts, services.contacts.run()),
                (services.erased, deployment.after(services.erased.run)),
                (services.rewards, deployment.after(services.rewards.run)),
            )
        ]
        if services.letters is not None:
            running.append(asyncio.create_task(services.letters.run(), name="Letters"))
        if serve_operators is not None:
            for_operators = _build_starlette(services, [one for one in ENDPOINTS if one.for_operators])
            running.append(asyncio.create_task(serve_operators(for_operators), name="operators' port"))
        for task in running:
            task.add_done_callback(partial(_stop_after, app))
        checked, _ = await asyncio.wait(running[:1], timeout=CHECK_WAIT_S)
        if checked and not running[0].exception():
            # A scan before that would get its fallback for certain: nobody would see the reply.
            await services.replies.await_position(CHECK_WAIT_S)
            # An event that is acknowledged before would name somebody who is erased, and so count for nobody.
            await services.erasures.await_read(ERASURES_WAIT_S)
            # A link that was copied before would count as a tap.
            await services.counters.await_read(ERASURES_WAIT_S)
        yield
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await services.contacts.close()
        await services.backlog.close()
        await services.publisher.close()

    shown = [one for one in ENDPOINTS if settings.shows_probes or not one.for_operators]
    app = _build_starlette(services, shown, lifespan)
    app.add_middleware(CrossOriginMiddleware, destinations=services.brand.destinations, paths=OF_PAGES)
    app.add_middleware(CommonMiddleware, metrics=services.metrics)
    return app


def _build_starlette(services: Services, endpoints: Iterable[Endpoint], lifespan: Any = None) -> Starlette:
    app = Starlette(
        routes=[Route(one.path, one.build(services), methods=[one.method]) for one in endpoints],
        lifespan=lifespan,
        exception_handlers={RequestError: request_error_response, HTTPException: http_exception_response},
    )
    app.state.refused = False
    app.state.stop = services.live_streams.stop  # for the server, which waits for requests in progress
    app.state.connections = services.connections  # for the server's protocol
    app.router.redirect_slashes = False  # such a redirect would lead to whatever the Host header names
    return app


def _stop_after(app: Starlette, task: asyncio.Task[None]) -> None:
    """A background task that raises stops the process in order, for its supervisor to restart it: it is a bug, or the
    operator has to change something first."""
    if not task.cancelled() and (error := task.exception()):
        if isinstance(error, OperatorError):
            log.critical("%s", error)
            app.state.refused = True
        else:
            log.critical("%s ended", task.get_name(), exc_info=error)
        signal.raise_signal(signal.SIGTERM)
