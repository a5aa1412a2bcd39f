"""The page that a scan may be answered with: a headline, a text and one button."""

from functools import lru_cache
from html import escape

from gateway.http.pages import page


@lru_cache(256)
def action_page(title: str, text: str, label: str, destination: str) -> bytes:
    """The page as UTF-8 HTML; it needs gateway.http.pages.POLICY. Cached: a decision has few distinct pages."""
    paragraph = f"<p>{escape(text)}</p>" if text else ""
    button = f'<a href="{escape(destination)}" rel="noreferrer">{escape(label)}</a>'
    return page(title, f"{paragraph}{button}").encode()
