"""The HTML of ``/me``, in the look of the brand's pages: one round trip, no picture of elsewhere, one script."""

import gzip
from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Final, NamedTuple
from urllib.parse import quote

from babel import Locale

from gateway.landing import locale as local
from gateway.landing.locale import locale_of
from gateway.landing.style import policy_of, style_of
from gateway.landing.words import words_of
from gateway.profile.account import Account, Coupon, Entry
from gateway.profile.code_pictures import bars_picture, qr_picture
from gateway.profile.service_worker import registration
from gateway.profile.standing import standing_of
from gateway.profile.words.model import MeWords
from schemas.brand.coupon_pools import CouponPool
from schemas.brand.model import Brand
from schemas.coupons.codes import shown
from schemas.languages import direction_of, of_language

MAX_BYTES: Final = 13_500
"""Of a page as gzip; with its headers it is under 14 KB, what TCP sends before it waits for the phone (RFC 6928)."""
COMPRESSION: Final = 6
MAX_COUPONS: Final = 24
"""That are shown with their codes; fewer where the page would be too large. Of further ones the number is said."""
WAIT_S: Final = 3
"""Seconds after which a page that waits loads again."""
_RULES: Final = (
    ".big{font-size:1.75rem;font-weight:700}"
    "summary{font-weight:700;padding:.6rem 0;cursor:pointer}"
    "summary .s{font-weight:400;display:block}"
    "details{border-bottom:.0625rem solid var(--l)}"
    ".code{font:700 1.35rem/1.3 ui-monospace,monospace;text-align:center;padding:.25rem 0 .6rem}"
    "svg{display:block;margin:0 auto 1rem;width:100%}.qr{max-width:13rem}.bars{max-width:22rem}"
    "footer p{padding:.2rem 0}a{overflow-wrap:anywhere}"
)


class Rendered(NamedTuple):
    """A page as HTML, the same as gzip, and its Content-Security-Policy."""

    html: bytes
    packed: bytes
    policy: str


class Wallets(NamedTuple):
    """Names of wallets, in the order of their buttons."""

    for_cards: tuple[str, ...] = ()
    for_coupons: tuple[str, ...] = ()


NO_WALLETS: Final = Wallets()


class MePage:
    """One page for one reader.

    :param now: microseconds. :param zone: whose dates are shown. :param base: path that phones reach the gateway at.
    :param wallets: those that a card and coupons can be added to, see gateway/profile/wallet. :param link: personal
    link of the reader, by which they recommend the brand; empty where it has no programme.
    """

    def __init__(
        self,
        brand: Brand,
        words: MeWords,
        now: int,
        zone: tzinfo,
        base: str,
        wallets: Wallets = NO_WALLETS,
        link: str = "",
    ) -> None:
        self._brand = brand
        self._words = words
        self._locale: Locale = locale_of(words.language, brand.about.country)
        self._now = now
        self._zone = zone
        self._base = base
        self._wallets = wallets
        self._link = link

    def of_nobody(self) -> Rendered:
        """For a phone that no gateway knows, or of which nothing is kept."""
        words = self._words
        return self._rendered([_paragraph(words.nothing), _paragraph(words.begin)], scripted=False)

    def waiting(self) -> Rendered:
        text = f'<p role="status">{escape(self._words.gathering)}</p>'
        return self._rendered([text], head=f'<meta http-equiv="refresh" content="{WAIT_S}">')

    def away(self) -> Rendered:
        return self._rendered([_paragraph(self._words.away)])

    def of_account(self, account: Account) -> tuple[Rendered, tuple[Coupon, ...]]:
        """The page, and the coupons that it has room for."""
        words = self._words
        after = [] if not account.entries else [self._section(words.entries, self._entries(account.entries))]
        if self._link:
            link, path = escape(self._link), escape(self._base + self._link[self._link.rindex("/s/") :])
            body = f'{_paragraph(words.personal_link)}<p dir="ltr"><a href="{path}">{link}</a></p>'
            after.insert(0, self._section(words.recommend, body))
        after.append(_paragraph(words.as_of.format(time=self._time(self._now)), quiet=True))
        count = min(MAX_COUPONS, len(account.coupons))
        while True:
            rendered = self._rendered([self._points(account), self._coupons(account.coupons, count), *after])
            if len(rendered.packed) <= MAX_BYTES or not count:
                return rendered, account.coupons[:count]
            count -= 1

    def _points(self, account: Account) -> str:
        words, lines = self._words, []
        if not account.is_kept:
            lines.append(_paragraph(words.not_kept))
        lines.append(f'<p class="big">{escape(words.points.format(count=self._number(account.balance)))}</p>')
        if account.pending:
            lines.append(_paragraph(words.pending.format(count=self._number(account.pending))))
        if account.expiring is not None:
            count, day = self._number(account.expiring.points), self._day(account.expiring.at - 1)
            lines.append(_paragraph(words.expiring.format(count=count, date=day)))
        standing = standing_of(self._brand.tiers, account.months, self._now, self._zone)
        if standing.tier:
            lines.append(_paragraph(words.tier.format(name=standing.tier)))
        if standing.next_tier:
            missing = self._number(standing.missing)
            lines.append(_paragraph(words.next_tier.format(name=standing.next_tier, count=missing)))
        lines.append(self._buttons("card", self._wallets.for_cards))
        return "".join(lines)

    def _coupons(self, coupons: Sequence[Coupon], count: int) -> str:
        """The first ``count`` of them."""
        words = self._words
        if not coupons:
            body = _paragraph(words.no_coupons) if self._brand.coupon_pools else ""
        else:
            body = "".join(self._coupon(one, number == 0) for number, one in enumerate(coupons[:count]))
            if rest := len(coupons) - count:
                body += _paragraph(words.more.format(count=self._number(rest)), quiet=True)
        return self._section(words.coupons, body) if body else ""

    def _coupon(self, coupon: Coupon, is_open: bool) -> str:
        """What it is for; and its code, which one tap shows large enough for a scanner."""
        words, code = self._words, shown(coupon.code)
        title, text = texts_of(self._brand.coupon_pools.get(coupon.pool), words.language)
        title = title or coupon.pool
        until = ""
        if coupon.expires_at:
            # The last day on which it can be used.
            day = self._day(coupon.expires_at - 1)
            until = f' <span class="s">{escape(words.until.format(date=day))}</span>'
        direction = ' dir="auto"'
        return (
            f'<details name="coupons"{" open" if is_open else ""}><summary><bdi>{escape(title)}</bdi>{until}</summary>'
            + (f'<p class="s"{direction}>{escape(text)}</p>' if text else "")
            + f'<p>{escape(words.show)}</p><p class="code" dir="ltr">{escape(code)}</p>'
            + qr_picture(coupon.code, words.picture.format(code=code))
            + bars_picture(coupon.code, words.bars.format(code=code))
            + self._buttons(f"coupon/{quote(coupon.code)}", self._wallets.for_coupons)
            + "</details>"
        )

    def _buttons(self, what: str, wallets: Sequence[str]) -> str:
        """Links that add something to a wallet."""
        labels = {"apple": self._words.apple, "google": self._words.google}
        return "".join(
            f'<p><a href="{escape(self._base)}/me/wallet/{one}/{what}">{escape(labels[one])}</a></p>' for one in wallets
        )

    def _entries(self, entries: Sequence[Entry]) -> str:
        found = []
        for one in entries:
            day, kind = self._day(one.at), self._words.kinds.get(one.kind, "")
            text = f'{escape(kind)} <span class="s">{escape(day)}</span>'
            found.append(f'<li class="r"><span>{text}</span><b dir="ltr">{escape(self._signed(one.points))}</b></li>')
        return f"<ul>{''.join(found)}</ul>"

    def _section(self, title: str, body: str) -> str:
        return f"<section><h2>{escape(title)}</h2>{body}</section>"

    def _rendered(self, parts: Sequence[str], head: str = "", scripted: bool = True) -> Rendered:
        words, language = self._words, self._words.language
        style, script = style_of(self._brand.about.look) + _RULES, registration(self._base) if scripted else ""
        name, privacy = " ".join(self._brand.about.name.split()), words_of(language).privacy
        html = (
            f'<!doctype html><html lang="{language}" dir="{direction_of(language)}"><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width">{head}<title>{escape(words.title)}</title>'
            f"<style>{style}</style><header><bdi>{escape(name)}</bdi></header><main><h1>{escape(words.title)}</h1>{''.join(parts)}</main>"
            f'<footer><a href="{escape(self._base)}/privacy">{escape(privacy)}</a></footer>'
            + (f"<script>{script}</script></html>" if script else "</html>")
        ).encode()
        policy = policy_of(style, script, ()).decode() + ("; worker-src 'self'" if script else "")
        return Rendered(html, gzip.compress(html, COMPRESSION, mtime=0), policy)

    def _number(self, count: int) -> str:
        return local.number(count, self._locale)

    def _signed(self, points: int) -> str:
        return f"{'+' if points > 0 else '−' if points < 0 else ''}{self._number(abs(points))}"

    def _day(self, at: int) -> str:
        return local.day(self._local(at), self._locale)

    def _time(self, at: int) -> str:
        return local.day_and_time(self._local(at), self._locale)

    def _local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1_000_000, self._zone)


def texts_of(pool: CouponPool | None, language: str) -> tuple[str, str]:
    """Title and text of a coupon in a language, else in the brand's own; empty of a pool that is no more."""
    if pool is None:
        return "", ""
    own = of_language(pool.texts, language)
    return (own.title or pool.title, own.text or pool.text) if own is not None else (pool.title, pool.text)


def _paragraph(text: str, quiet: bool = False) -> str:
    return f"<p{' class=s' if quiet else ''}>{escape(text)}</p>"
