"""The HTML of ``/me``, in the look of the brand's pages: one round trip, no picture of elsewhere, one script."""

import gzip
from collections.abc import Sequence
from datetime import datetime, tzinfo
from html import escape
from typing import Final, NamedTuple

from babel import Locale

from gateway.landing import locale as local
from gateway.landing.locale import locale_of
from gateway.landing.style import policy_of, style_of
from gateway.landing.words import words_of
from gateway.profile.account import Account, Entry
from gateway.profile.service_worker import registration
from gateway.profile.words.model import MeWords
from schemas.brand.model import Brand
from schemas.languages import direction_of

MAX_BYTES: Final = 13_500
"""Of a page as gzip; with its headers it is under 14 KB, what TCP sends before it waits for the phone (RFC 6928)."""
COMPRESSION: Final = 6
WAIT_S: Final = 3
"""Seconds after which a page that waits loads again."""
_RULES: Final = (
    ".big{font-size:1.75rem;font-weight:700}"
    "summary{font-weight:700;padding:.6rem 0;cursor:pointer}"
    "summary .s{font-weight:400;display:block}"
    "details{border-bottom:.0625rem solid var(--l)}"
    ".code{font:700 1.35rem/1.3 ui-monospace,monospace;text-align:center;padding:.25rem 0 .6rem}"
    "svg{display:block;margin:0 auto 1rem;width:100%}.qr{max-width:13rem}.bars{max-width:22rem}"
    "footer p{padding:.2rem 0}"
)


class Rendered(NamedTuple):
    """A page as HTML, the same as gzip, and its Content-Security-Policy."""

    html: bytes
    packed: bytes
    policy: str


class MePage:
    """One page for one reader.

    :param now: microseconds. :param zone: whose dates are shown. :param base: path that phones reach the gateway at.
    """

    def __init__(self, brand: Brand, words: MeWords, now: int, zone: tzinfo, base: str) -> None:
        self._brand = brand
        self._words = words
        self._locale: Locale = locale_of(words.language, brand.about.country)
        self._now = now
        self._zone = zone
        self._base = base

    def of_nobody(self) -> Rendered:
        """For a phone that no gateway knows, or of which nothing is kept."""
        words = self._words
        return self._rendered([_paragraph(words.nothing), _paragraph(words.begin)], scripted=False)

    def waiting(self) -> Rendered:
        text = f'<p role="status">{escape(self._words.gathering)}</p>'
        return self._rendered([text], head=f'<meta http-equiv="refresh" content="{WAIT_S}">')

    def away(self) -> Rendered:
        return self._rendered([_paragraph(self._words.away)])

    def of_account(self, account: Account) -> Rendered:
        words = self._words
        before = [self._points(account)]
        after = [] if not account.entries else [self._section(words.entries, self._entries(account.entries))]
        after.append(_paragraph(words.as_of.format(time=self._time(self._now)), quiet=True))
        return self._rendered([*before, *after])

    def _points(self, account: Account) -> str:
        words, lines = self._words, []
        if not account.is_kept:
            lines.append(_paragraph(words.not_kept))
        lines.append(f'<p class="big">{escape(words.points.format(count=self._number(account.balance)))}</p>')
        return "".join(lines)

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


def _paragraph(text: str, quiet: bool = False) -> str:
    return f"<p{' class=s' if quiet else ''}>{escape(text)}</p>"
