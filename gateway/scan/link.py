"""The link of a tag, as QR codes carry it: plain ASCII."""

from urllib.parse import quote


def link_of(base: str, tag_id: str) -> str:
    """The link of a tag. :param base: see ``schemas.base_address``."""
    return f"{base}/s/{quote(tag_id, safe='')}"
