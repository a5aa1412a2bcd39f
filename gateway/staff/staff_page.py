"""The HTML of the page of staff, in the look of the privacy page: no script, under 14 KB."""

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from zoneinfo import ZoneInfo

from gateway.privacy import page_parts as html
from gateway.privacy.texts import day
from gateway.privacy.visit import Visit
from gateway.staff.profile import OpenCoupon, Profile
from gateway.staff.texts import StaffTexts
from schemas.consent.statements import micros_of

MAX_PRODUCTS = 8
MAX_COUPONS = 10


def field(name: str, label: str, attributes: str) -> str:
    """A labelled input that must be filled in. :param attributes: HTML."""
    return f'<label for="{name}">{escape(label)}</label><input id="{name}" name="{name}" required {attributes}>'


def choice(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str) -> str:
    """A labelled choice among values, each with its text."""
    found = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    return f'<label for="{name}">{escape(label)}</label><select id="{name}" name="{name}">{found}</select>'


def quiet_button(text: str) -> str:
    return f'<button class="q">{escape(text)}</button>'


def alert(text: str) -> str:
    """What went wrong, which a screen reader reads at once."""
    return f'<p role="alert">{escape(text)}</p>'


def profile_html(profile: Profile, texts: StaffTexts, visit: Visit) -> str:
    """What is known, section by section."""
    uses = visit.texts.purposes
    seen = (
        [texts.categories.format(categories=", ".join(profile.interests.categories))]
        if profile.interests.categories
        else []
    )
    seen += [
        texts.product.format(name=one.name, times=one.times, day=day(micros_of(one.at), visit.texts))
        for one in profile.interests.products[:MAX_PRODUCTS]
    ]
    bought = [
        texts.bought_on.format(day=day(micros_of(one.at), visit.texts), categories=", ".join(one.categories))
        for one in profile.purchases
    ]
    offers = [
        texts.offer.format(title=one.title or one.route, time=_clock(one.at, profile, visit)) for one in profile.offers
    ]
    has = [texts.points.format(points=profile.balance)]
    has += [texts.tier.format(name=profile.tier)] if profile.tier else []
    has += [_coupon(one, texts, visit) for one in profile.coupons[:MAX_COUPONS]]
    allowed = [
        f"{uses[key][0]}: {texts.yes if is_so else texts.no}" for key, is_so in profile.consent.items() if key in uses
    ]
    return "".join(
        (
            html.paragraph(_where(profile, texts, visit)),
            _list(texts.offers, offers, texts.no_offers),
            _list(texts.interests, seen, texts.no_interests),
            _list(texts.bought, bought, texts.no_purchases),
            html.section(texts.balance, html.items(has)),
            _list(texts.consent, allowed, ""),
            html.paragraph(texts.ends, quiet=True),
        )
    )


def _coupon(coupon: OpenCoupon, texts: StaffTexts, visit: Visit) -> str:
    if coupon.expires_at is None:
        return texts.coupon.format(title=coupon.title)
    # The last day on which it can be used.
    return texts.coupon_until.format(title=coupon.title, day=day(micros_of(coupon.expires_at) - 1, visit.texts))


def _list(title: str, lines: list[str], otherwise: str) -> str:
    return html.section(title, html.items(lines) if lines else html.paragraph(otherwise))


def _where(profile: Profile, texts: StaffTexts, visit: Visit) -> str:
    if profile.visit is None:
        return texts.nowhere
    store = visit.brand_view.brand.stores.get(profile.visit.store)
    name = store.name if store is not None else profile.visit.store
    return texts.in_shop.format(store=name, time=_clock(profile.visit.since, profile, visit))


def _clock(at: str, profile: Profile, visit: Visit) -> str:
    """A time of day in the shop's zone; in UTC where that is not known."""
    store = visit.brand_view.brand.stores.get(profile.visit.store) if profile.visit is not None else None
    zone = ZoneInfo(store.time_zone) if store is not None and store.time_zone else UTC
    return f"{datetime.fromtimestamp(micros_of(at) / 1_000_000, zone):%H:%M}"
