"""What ``/me`` says in each language. Names in braces are filled in; nothing is inflected by a number."""

from typing import NamedTuple


class MeWords(NamedTuple):
    """``kinds`` are those of ledger entries (``schemas.events.RewardPosted``)."""

    language: str

    title: str
    points: str
    pending: str
    expiring: str
    tier: str
    next_tier: str
    as_of: str

    coupons: str
    no_coupons: str
    show: str
    until: str
    more: str
    picture: str
    bars: str

    entries: str
    kinds: dict[str, str]

    recommend: str
    personal_link: str

    nothing: str
    begin: str
    gathering: str
    away: str
    not_kept: str

    card: str
    points_label: str
    until_label: str
    apple: str
    google: str
