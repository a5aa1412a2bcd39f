"""The parts of a page by its moment: what somebody wants to know, where to go, what to buy, what to do.

Each part is HTML of its own, so that a page that would be too long for one round trip leaves out its last ones.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from html import escape
from typing import Final, NamedTuple

from babel import Locale

from gateway.landing import locale as local
from gateway.landing import question as questions
from gateway.landing.texts import as_html, name, runs
from gateway.landing.words.model import Words
from schemas.brand.products import BEST_RATING
from schemas.content import Capacity, Content, Hours, ProductFacts, StoreFacts

FEW: Final = 3
"""Units in stock that are called to mind."""
DOT: Final = " · "


class Shown(NamedTuple):
    """What a part is rendered from. ``leads`` says whether a phone may be sent to an address; ``country`` is the
    brand's; ``attributes`` mark our own words where they are in another language than the page; ``base`` is the path
    that phones reach the gateway at."""

    content: Content
    words: Words
    attributes: str
    locale: Locale
    direction: str
    country: str
    leads: Callable[[str], bool]
    base: str = ""

    def word(self, text: str, **values: str) -> str:
        """Words of our own, with values filled in."""
        filled = escape(text.format(**{key: f"\x00{key}\x00" for key in values}))
        for key, value in values.items():
            filled = filled.replace(f"\x00{key}\x00", f"<bdi>{escape(value)}</bdi>")
        return f"<span{self.attributes}>{filled}</span>" if self.attributes else filled


def parts(shown: Shown) -> Iterator[str]:
    """The parts of the page below its texts, the most important first."""
    content = shown.content
    if content.product is not None:
        yield product(content.product, content.store, shown)
    if content.layout == "go" and content.store is not None:
        yield f"<section>{store(content.store, shown)}</section>"
    if content.capacity:
        yield "".join(capacity(one, shown) for one in content.capacity)
    if content.nearby:
        yield nearby(shown)
    if content.steps:
        yield steps(shown)
    if content.question is not None:
        yield questions.question(content.question, shown.words, shown.attributes, shown.direction, shown.base)


def product(facts: ProductFacts, at: StoreFacts | None, shown: Shown) -> str:
    """Name, rating, price, and whether it is here."""
    rated = ""
    if facts.rating is not None:
        words = shown.word(shown.words.rating, rating=local.number(facts.rating, shown.locale), best=str(BEST_RATING))
        count = f" ({local.number(facts.ratings, shown.locale)})" if facts.ratings is not None else ""
        rated = f'<p class="s"><span aria-hidden="true">★ </span>{words}{count}</p>'
    priced = ""
    if facts.price is not None:
        priced = f'<p class="price">{escape(local.price(facts.price, facts.currency, shown.locale))}</p>'
    chips = []
    if facts.stock is not None and facts.stock > 0:
        count = shown.word(shown.words.in_stock, count=local.number(facts.stock, shown.locale))
        chips.append(f'<span class="k">{count}</span>' if facts.stock <= FEW else f"<span>{count}</span>")
    elif facts.stock is not None:
        chips.append(f"<span>{shown.word(shown.words.sold_out)}</span>")
    if facts.pick_up:
        chips.append(f"<span>{shown.word(shown.words.pick_up)}</span>")
    here = f'<div class="c">{"".join(chips)}</div>' if chips else ""
    if at is not None and shown.content.layout != "go":
        here += f'<p class="s">{DOT.join(filter(None, (name(at.name), _hours(at.hours, shown))))}</p>'
    named = f"<h2{runs(facts.name, shown.direction)}>{as_html(facts.name)}</h2>"
    return f'<section><div class="r">{named}{priced}</div>{rated}{here}</section>'


def store(facts: StoreFacts, shown: Shown) -> str:
    """A store: where it is, when it is open, the way there."""
    far = "" if facts.distance_m is None else local.distance(facts.distance_m, shown.locale, shown.country)
    away = f'<p class="s">{escape(far)}</p>' if far else ""
    heading = "h3" if far else "h2"
    lines = [f'<div class="r"><{heading}>{name(facts.name)}</{heading}>{away}</div>']
    if facts.address:
        lines.append(f'<p class="s">{name(facts.address)}</p>')
    stocked = ""
    if facts.stock is not None and facts.stock > 0:
        stocked = shown.word(shown.words.in_stock, count=local.number(facts.stock, shown.locale))
    if found := DOT.join(filter(None, (_hours(facts.hours, shown), stocked))):
        lines.append(f"<p>{found}</p>")
    if facts.hours.today and not far:
        times = (
            f"{local.clock(start, shown.locale)}–{local.clock(end, shown.locale)}" for start, end in facts.hours.today
        )
        lines.append(f'<p class="s">{shown.word(shown.words.today, hours=", ".join(times))}</p>')
    if facts.directions and shown.leads(facts.directions):
        label = shown.word(shown.words.directions, store=facts.name)
        lines.append(f'<a href="{escape(facts.directions)}" rel="noreferrer">{label}</a>')
    return "".join(lines)


def nearby(shown: Shown) -> str:
    """The stores nearby."""
    words = shown.words.nearby if shown.content.layout == "go" else shown.words.available
    stores = "".join(f"<li>{store(one, shown)}</li>" for one in shown.content.nearby)
    return f"<section><h2>{shown.word(words)}</h2><ul>{stores}</ul></section>"


def steps(shown: Shown) -> str:
    """The instructions."""
    items = "".join(f"<li><span{runs(one, shown.direction)}>{as_html(one)}</span></li>" for one in shown.content.steps)
    return f"<section><h2>{shown.word(shown.words.steps)}</h2><ol>{items}</ol></section>"


def capacity(facts: Capacity, shown: Shown) -> str:
    """Places that are free, people who wait, and how long that takes."""
    words, chips = shown.words, []
    if facts.free is not None:
        chips.append(shown.word(words.free, count=local.number(facts.free, shown.locale)))
    if facts.queue is not None:
        chips.append(shown.word(words.queue, count=local.number(facts.queue, shown.locale)))
    if facts.wait_s is not None:
        chips.append(shown.word(words.wait, time=local.minutes(-(-facts.wait_s // 60), shown.locale)))
    heading = f"<h2>{name(facts.service)}</h2>" if facts.service else ""
    return f'<section>{heading}<div class="c">{"".join(f"<span>{chip}</span>" for chip in chips)}</div></section>'


def _hours(hours: Hours, shown: Shown) -> str:
    if hours.open is None:
        return ""
    words = shown.words
    if hours.open:
        until = _time(hours.until)
        return shown.word(words.open_until, time=local.time(until, shown.locale)) if until else shown.word(words.open)
    opens = _time(hours.opens)
    if opens is None:
        return shown.word(words.closed)
    another_day = hours.date != opens.date().isoformat()
    return shown.word(words.opens, time=local.time(opens, shown.locale, another_day))


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
