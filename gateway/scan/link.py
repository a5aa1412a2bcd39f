"""The link of a tag, as QR codes carry it: plain ASCII, and signed where the tag demands it."""

from urllib.parse import quote

from schemas.brand.model import Tag
from schemas.brand.tags import NTAG424, ROTATING, SIGNED
from schemas.trust.keys import TagKeys
from schemas.trust.signed import PARAMETER, rotating_code, signature, step_of


class NoLink(Exception):
    """A tag has no link that can be drawn; the message says why."""


def link_of(base: str, tag_id: str) -> str:
    """The link of a tag that demands nothing. :param base: see ``schemas.base_address``; may be empty."""
    return f"{base}/s/{quote(tag_id, safe='')}"


def printed_link(base: str, tag: Tag, brand: str, keys: TagKeys | None) -> str:
    """The link of any tag, as it is printed: signed where the tag demands it. :param brand: its id.

    :raises NoLink: the tag's links are made by a chip or a screen, or there is no key to sign with.
    """
    if tag.security == NTAG424:
        raise NoLink(f"{tag.id} is on a chip, which makes its links; `footpath tag-keys chip` says how")
    if tag.security == ROTATING:
        raise NoLink(f"{tag.id} is on a screen, which shows another code every half a minute: `footpath screen`")
    link = link_of(base, tag.id)
    if tag.security != SIGNED:
        return link
    key = keys.signing if keys is not None else None
    if key is None:
        raise NoLink(f"{tag.id} has a signed link, and there is no key to sign it with (FOOTPATH_TAG_KEY_FILE)")
    return f"{link}?{PARAMETER}={key.id}.{signature(key.secret, brand, tag.id)}"


def rotating_link(base: str, tag: Tag, brand: str, keys: TagKeys, now_s: float) -> str:
    """The link that a screen shows now. :raises NoLink: the tag has another security, or there is no key."""
    key = keys.signing
    if tag.security != ROTATING or key is None:
        raise NoLink(f"{tag.id} has not security: {ROTATING}, or there is no key (FOOTPATH_TAG_KEY_FILE)")
    code = rotating_code(key.secret, brand, tag.id, step_of(now_s))
    return f"{link_of(base, tag.id)}?{PARAMETER}={key.id}.{code}"
