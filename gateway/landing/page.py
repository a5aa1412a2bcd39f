"""The page that a scan is answered with: a headline, a text, what its moment needs, and one button.

It comes in one round trip: under 14 KB, without anything else that it waits for. Pictures come later, from registered
addresses alone.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from html import escape
from typing import Final, NamedTuple

from gateway.landing.layouts import Shown, parts
from gateway.landing.live_address import Decided
from gateway.landing.locale import locale_of
from gateway.landing.question import TOKEN, asked_for
from gateway.landing.script import SCRIPT
from gateway.landing.style import policy_of, style_of
from gateway.landing.texts import as_html, runs
from gateway.landing.words import words_of
from schemas.brand.destinations import is_registered, parse_address
from schemas.brand.look import Look
from schemas.brand.model import Brand
from schemas.content import EMPTY, Content, read
from schemas.languages import direction_of, ranges_of
from schemas.text import FIRST_STRONG_ISOLATE, POP_ISOLATE

MAX_BYTES: Final = 13_500
"""Of a page: with its headers it is under 14 KB (see ``schemas.brand.rendered``). Parts beyond it are left out."""
_LIVE: Final = "\x00"
"""Stands where the address of the scan's live events comes. No page has the character otherwise."""


class Page(NamedTuple):
    """What a page shows; all that a later request needs to show it again. ``content`` is JSON (schemas/content.py);
    ``route`` is that of the decision."""

    title: str
    text: str
    label: str
    destination: str
    content: str = EMPTY
    route: str = ""


class Surroundings(NamedTuple):
    """What the pages of a brand have in common. ``direction`` is that of its own language; ``live``: scans may
    earn points."""

    name: str
    language: str
    direction: str
    country: str
    destinations: tuple[str, ...]
    pictures: tuple[str, ...]
    look: Look
    live: bool


class Rendered(NamedTuple):
    """A page as UTF-8 HTML, in two pieces around the address of the scan's live events; and its policy. The second
    piece is empty where the page shows none. ``asks`` is what the token of its question is for (question.py); empty
    where it has none."""

    before: bytes
    after: bytes
    policy: bytes
    decided: Decided
    asks: str = ""

    @property
    def is_live(self) -> bool:
        """Whether it shows what becomes of its scan."""
        return bool(self.after)

    def whole(self, live: bytes) -> bytes:
        """:param live: the address of the live events, safe in an attribute."""
        return self.before + live + self.after if self.after else self.before


@lru_cache(1024)
def landing_page(page: Page, around: Surroundings, base: str = "") -> Rendered:
    """Cached: a brand has few distinct pages at a time. :param base: path that phones reach the gateway at."""
    content = read(page.content) or Content("", around.language)
    language = content.language or around.language
    direction = around.direction if language == around.language else direction_of(language)
    words = words_of(language)
    foreign = not language or words.language not in ranges_of(language)
    shown = Shown(
        content=content,
        words=words,
        attributes=f' lang="{words.language}" dir="{direction_of(words.language)}"' if foreign else "",
        locale=locale_of(language or words.language, around.country),
        direction=direction,
        country=around.country,
        leads=partial(is_registered, destinations=around.destinations),
        base=base,
    )
    logo, picture = (
        one if is_registered(one, around.pictures) else "" for one in (around.look.logo, _picture(content))
    )
    script = SCRIPT if around.live else ""
    header, end = _header(logo, around.name), _end(page, shown, base, script)

    def whole(has_parts: bool, found: Iterable[str]) -> tuple[str, str]:
        style = style_of(around.look, has_parts, content.question is not None)
        before = f"{_head(page.title, language, direction, style)}{header}"
        start = _texts(page, picture if has_parts else "", has_parts, direction)
        room = MAX_BYTES - sum(len(one.encode()) for one in (before, start, end))
        return f"{before}{start}{''.join(_fitting(found, room))}{end}", style

    found = list(parts(shown))
    html, style = whole(bool(found), found)
    if found and len(html.encode()) > MAX_BYTES:
        html, style = whole(False, ())
    before, mark, after = html.partition(_LIVE)
    asks = asked_for(content.question) if content.question is not None and TOKEN in html else ""
    return Rendered(
        before.encode(),
        after.encode() if mark else b"",
        policy_of(style, script, _origins(logo, picture), bool(asks)),
        Decided(content.layout, page.route),
        asks,
    )


def _fitting(found: Iterable[str], room: int) -> Iterator[str]:
    """The parts that there is room for, up to the first that is too long."""
    for part in found:
        room -= len(part.encode())
        if room < 0:
            return
        yield part


def _head(title: str, language: str, direction: str, style: str) -> str:
    named = f' lang="{escape(language)}"' if language else ""
    run = f' dir="{direction}"' if direction else ""
    return (
        f'<!doctype html><html{named}{run}><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(_visible(title))}</title><style>{style}</style>"
    )


def _header(logo: str, name: str) -> str:
    if logo:
        return f'<header><img src="{escape(logo)}" alt="{escape(name)}" referrerpolicy="no-referrer"></header>'
    return f"<header>{escape(name)}</header>"


def _texts(page: Page, picture: str, has_parts: bool, direction: str) -> str:
    shown = (
        f'<img class="pic" src="{escape(picture)}" alt="" width="4" height="3" referrerpolicy="no-referrer">'
        if picture
        else ""
    )
    text = f"<p{runs(page.text, direction)}>{as_html(page.text)}</p>" if page.text else ""
    kind = "" if has_parts else ' class="plain"'
    return f"<main{kind}>{shown}<h1{runs(page.title, direction)}>{as_html(page.title)}</h1>{text}"


def _end(page: Page, shown: Shown, base: str, script: str) -> str:
    """The points, the button, the ways to what the reader has, and to their data."""
    points = mine = ""
    if script:
        text = escape(shown.words.points)
        points = f'<p class="pts" role="status"{shown.attributes} data-text="{text}" data-live="{_LIVE}"></p>'
        mine = f'<a href="{escape(base)}/me">{shown.word(shown.words.me)}</a> · '
    to = f'href="{escape(page.destination)}" rel="noreferrer"'
    return (
        f'{points}<div class="bar"><a{runs(page.label, shown.direction)} class="b" {to}>{as_html(page.label)}</a></div>'
        f'</main><footer>{mine}<a href="{escape(base)}/privacy">{shown.word(shown.words.privacy)}</a></footer>'
        + (f"<script>{script}</script>" if script else "")
        + "</html>"
    )


def _picture(content: Content) -> str:
    return "" if content.product is None or content.layout == "go" else content.product.picture


def _origins(*pictures: str) -> tuple[str, ...]:
    addresses = (parse_address(one) for one in pictures if one)
    return tuple(sorted({address.origin for address in addresses if address is not None}))


def _visible(title: str) -> str:
    """A title without the characters that isolate the names in it: no browser's tab shows them."""
    return title.replace(FIRST_STRONG_ISOLATE, "").replace(POP_ISOLATE, "")


def surroundings_of(brand: Brand) -> Surroundings:
    """What the pages of a brand have in common."""
    about = brand.about
    return Surroundings(
        name=" ".join(about.name.split()),
        language=about.language,
        direction=about.text_direction,
        country=about.country,
        destinations=about.destinations,
        pictures=(*about.destinations, *about.pictures),
        look=about.look,
        live=bool(brand.rewards),
    )
