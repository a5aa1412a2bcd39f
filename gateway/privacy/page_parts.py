"""The HTML of the privacy pages: no script, under 14 KB a page, switches and buttons that a form posts.

Texts of the brand stand in their own language and direction; everything is escaped here.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

from gateway.http.pages import page, policy_of
from gateway.privacy.texts.model import Texts
from schemas.brand.consent import Policy
from schemas.languages import direction_of

MAX_BODY_BYTES: Final = 12_000
"""Of a page's body; with style and headers it is under 14 KB (see ``schemas.brand.rendered``)."""
WAIT_S: Final = 3
"""Seconds after which a page that waits loads again."""
STYLE: Final = (
    "@supports(font:-apple-system-body) and (-webkit-touch-callout:none){html{font:-apple-system-body}}"
    ":root{color-scheme:light dark;--ink:#1b1b1f;--paper:#fafaf7;--soft:#55555c;--line:#85858c;--on:#0b6b3a;"
    "--on-ink:#fff;--focus:#1a5fd0}"
    "@media(prefers-color-scheme:dark){:root{--ink:#f2f2ee;--paper:#16161a;--soft:#b8b8c0;--line:#8a8a92;--on:#7ddba6;"
    "--on-ink:#10231a;--focus:#8db8ff}}"
    "body{margin:0;font:1.125rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}"
    "main{max-width:34rem;margin:0 auto;padding:min(2rem,6vw);box-sizing:border-box;overflow-wrap:anywhere}"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .75rem}h2{font-size:1.25rem;line-height:1.3;margin:2rem 0 .5rem}"
    "h3{font-size:1.125rem;margin:0}p{margin:0 0 .75rem}.s{font-size:1rem;color:var(--soft)}.t{white-space:pre-line}"
    "li{margin:0 0 .25rem}ul{padding-inline-start:1.25rem;margin:0 0 .75rem}"
    "section section{border-top:.0625rem solid var(--line);padding:1rem 0 .25rem}"
    ".h{display:flex;flex-wrap:wrap;gap:.5rem 1rem;justify-content:space-between;align-items:center;margin:0 0 .5rem}"
    "button,.b,input,select{font:inherit;box-sizing:border-box;min-height:3rem;padding:.6rem 1rem;border-radius:.75rem;"
    "border:.125rem solid var(--ink);max-width:100%}"
    "button,.b{background:var(--ink);color:var(--paper);font-weight:600;text-align:center;text-decoration:none;"
    "cursor:pointer;white-space:normal}.b{display:inline-block}"
    ".q{background:var(--paper);color:var(--ink)}"
    "[role=switch]{min-width:5.5rem;border-radius:1.5rem;background:var(--paper);color:var(--ink)}"
    "[aria-checked=true]{background:var(--on);color:var(--on-ink);border-color:var(--on)}"
    "input,select{width:100%;background:var(--paper);color:var(--ink);margin:.25rem 0 .75rem}label{font-weight:600}"
    "a:not(.b){color:inherit}"
    ":focus-visible{outline:.1875rem solid var(--focus);outline-offset:.1875rem}form{margin:0 0 1rem}.h form{margin:0}"
)
HEADERS: Final = {
    "Content-Security-Policy": policy_of(STYLE, "'self'"),
    # With no-referrer browsers would name no origin in what the forms post.
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Language, Cookie",
}


def html_response(
    texts: Texts,
    title: str,
    body: str,
    status: int = 200,
    waits: bool = False,
    cookies: Iterable[bytes] = (),
    then: tuple[int, str] | None = None,
) -> HTMLResponse:
    """A page. :param waits: it loads again by itself. :param cookies: values of ``Set-Cookie``. :param then: after so
    many seconds this address takes its place."""
    head = f'<meta http-equiv="refresh" content="{WAIT_S}">' if waits else ""
    if then is not None:
        head = f'<meta http-equiv="refresh" content="{then[0]};url={escape(then[1])}">'
    html = page(title, f"<h1>{escape(title)}</h1>{body}", texts.language, direction_of(texts.language), STYLE, head)
    response = HTMLResponse(html, status, HEADERS)
    response.raw_headers.extend((b"set-cookie", cookie) for cookie in cookies)
    return response


def paragraph(text: str, quiet: bool = False) -> str:
    return f"<p{' class=s' if quiet else ''}>{escape(text)}</p>"


def section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def items(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</ul>"


def form(action: str, fields: Mapping[str, str], controls: str) -> str:
    """A form that is posted. :param controls: HTML."""
    hidden = "".join(f'<input type="hidden" name="{name}" value="{escape(text)}">' for name, text in fields.items())
    # Hidden inputs must not take the room of visible ones.
    return f'<form method="post" action="{escape(action)}">{hidden}{controls}</form>'


def button(text: str) -> str:
    return f"<button>{escape(text)}</button>"


def link(address: str, text: str, quiet: bool = False) -> str:
    """A link that looks like a button. :param quiet: beside one that matters more."""
    return f'<p><a class="{"b q" if quiet else "b"}" href="{escape(address)}">{escape(text)}</a></p>'


def switch(number: int, name: str, is_on: bool, texts: Texts, action: str, fields: Mapping[str, str]) -> str:
    """A heading and its switch, which the heading names."""
    named = f'aria-labelledby="n{number} b{number}" aria-describedby="d{number}"'
    control = (
        f'<button role="switch" aria-checked="{str(is_on).lower()}" id="b{number}" {named}>'
        f"{escape(texts.on if is_on else texts.off)}</button>"
    )
    return f'<div class="h"><h3 id="n{number}">{escape(name)}</h3>{form(action, fields, control)}</div>'


def policy_text(policy: Policy | None, otherwise: str, texts: Texts, number: int, room: int, more: str) -> str:
    """What people read of a purpose: the brand's text in its own language and direction, else ours.

    :param room: bytes that there are for it; of a longer text the beginning stands here. :param more: where the whole
        text is.
    """
    text = otherwise if policy is None else policy.text
    language = texts.language if policy is None else policy.language
    runs = f' lang="{escape(language)}" dir="{direction_of(language)}"' if language != texts.language else ""
    cut = escape(text)
    rest = ""
    if len(cut.encode()) > room:
        cut = f"{escape(_beginning(text, room))}…"
        rest = f'<p class="s"><a href="{escape(more)}">{escape(texts.read_all)}</a></p>'
    return f'<p class="t" id="d{number}"{runs}>{cut}</p>{rest}'


def _beginning(text: str, room: int) -> str:
    """As much of a text as fits in so many bytes of HTML, up to the end of a word."""
    size, end = 0, 0
    for end, letter in enumerate(text):  # noqa: B007
        size += len(escape(letter).encode())
        if size > room:
            break
    cut = text[:end]
    return cut[: cut.rfind(" ")] if " " in cut[-30:] else cut
