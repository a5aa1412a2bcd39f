"""HTML pages of the gateway: one layout without scripts, images or addresses of others, under 14 KB a page.

Sizes are in rem, so that texts follow the reader's setting (WCAG 2.2, 1.4.4); iOS tells its setting by a font of its
own. A word of any length wraps: nothing scrolls sideways at 320 CSS pixels (1.4.10). Line breaks of a text stay.
"""

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

STYLE = (
    "@supports(font:-apple-system-body) and (-webkit-touch-callout:none){html{font:-apple-system-body}}"
    "body{margin:0;min-height:100vh;display:grid;grid-template-columns:minmax(0,1fr);place-items:center;"
    "font:1.125rem/1.5 system-ui,sans-serif;color:#1b1b1f;background:#fafaf7}"
    "main{max-width:26rem;padding:min(2rem,8vw);box-sizing:border-box;width:100%;white-space:pre-line;"
    "overflow-wrap:anywhere}"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .75rem}p{margin:0 0 1.75rem}"
    "a{display:block;padding:1rem;border-radius:.75rem;background:#1b1b1f;color:#fff;text-align:center;"
    "text-decoration:none;font-weight:600}@media(prefers-color-scheme:dark){body{color:#f2f2ee;background:#16161a}"
    "a{background:#f2f2ee;color:#16161a}}"
)


def policy_of(style: str, form_action: str = "'none'") -> str:
    """The Content-Security-Policy of a page: it allows the page's own style, and its forms where it has some."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action {form_action}; "
        "frame-ancestors 'none'"
    )


POLICY = policy_of(STYLE)
"""The Content-Security-Policy that every page of this layout must be sent with."""


def page(title: str, body: str, language: str, direction: str, style: str = STYLE, head: str = "") -> str:
    """The layout.

    :param title: text, escaped here. :param body: HTML, escaped by the caller. :param language: tag of BCP 47; empty:
        not known, and a screen reader takes its user's. :param direction: ``ltr``, ``rtl`` or empty.
    :param head: HTML for the head.
    """
    named = f' lang="{escape(language)}"' if language else ""
    runs = f' dir="{direction}"' if direction else ""
    return (
        f'<!doctype html><html{named}{runs}><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">{head}'
        f"<title>{escape(title)}</title><style>{style}</style><main>{body}</main></html>"
    )


def notice_page(status: int, title: str, text: str) -> HTMLResponse:
    """A headline and a sentence in English, for a browser whose request is refused."""
    body = f"<h1>{escape(title)}</h1><p>{escape(text)}</p>"
    return HTMLResponse(page(title, body, "en", "ltr"), status, headers={"Content-Security-Policy": POLICY})
