"""What has to be said in each language. Names in braces are filled in; nothing is inflected by a number."""

from typing import NamedTuple


class Words(NamedTuple):
    """``time`` may have a weekday before it; all counts follow a colon, so that no plural is needed."""

    language: str

    open: str
    open_until: str
    closed: str
    opens: str
    today: str
    directions: str

    in_stock: str
    sold_out: str
    pick_up: str
    rating: str
    nearby: str
    available: str

    free: str
    queue: str
    wait: str
    steps: str

    points: str
    me: str
    send: str
    thanks: str
    privacy: str
