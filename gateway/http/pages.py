"""HTML pages of the gateway: one layout without scripts, images or addresses of others, under 14 KB a page."""

import base64
import hashlib
from html import escape

from starlette.responses import HTMLResponse

STYLE = (
    "body{margin:0;min-height:100vh;display:grid;place-items:center;font:18px/1.5 system-ui,sans-serif;"
    "color:#1b1b1f;background:#fafaf7}main{max-width:26rem;padding:2rem;box-sizing:border-box;width:100%}"
    "h1{font-size:1.7rem;line-height:1.2;margin:0 0 .75rem}p{margin:0 0 1.75rem}"
    "a{display:block;padding:1rem;border-radius:.75rem;background:#1b1b1f;color:#fff;text-align:center;"
    "text-decoration:none;font-weight:600}@media(prefers-color-scheme:dark){body{color:#f2f2ee;background:#16161a}"
    "a{background:#f2f2ee;color:#16161a}}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy that every page must be sent with: it allows the layout's own style and nothing else."""


def page(title: str, body: str) -> str:
    """The layout with a headline.

    :param title: text, escaped here. :param body: HTML, escaped by the caller.
    """
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{STYLE}</style><main><h1>{escape(title)}</h1>{body}</main></html>"
    )


def notice_page(status: int, title: str, text: str) -> HTMLResponse:
    """A headline and a sentence, for a browser whose request is refused."""
    return HTMLResponse(page(title, f"<p>{escape(text)}</p>"), status, headers={"Content-Security-Policy": POLICY})
