"""What has to be said in each language. Names in braces are filled in."""

from collections.abc import Mapping
from typing import NamedTuple


class Texts(NamedTuple):
    """``purposes`` has by key (schemas/consent/purposes.py) a name, and what it means where the brand has no text."""

    language: str
    months: tuple[str, ...]
    day: str

    title: str
    intro: str
    known: str
    no_device: str
    nothing: str
    gathering: str
    unavailable: str
    touchpoint: str
    touchpoints: str
    places: str
    purchases: str
    points: str
    coupons: str
    me: str
    decisions: str

    allow: str
    purposes: Mapping[str, tuple[str, str]]
    on: str
    off: str
    since: str
    unsaid_on: str
    unsaid_off: str
    by_gpc: str
    version: str
    gpc: str
    no_purposes: str
    read_all: str

    own: str
    export_text: str
    export: str
    erase_text: str
    erase: str
    sure_title: str
    sure_text: str
    sure: str
    back: str

    person: str
    person_text: str
    address: str
    send: str
    ask: str
    sent_title: str
    sent: str

    link_title: str
    link_text: str
    export_person: str
    erase_person: str
    sure_person: str
    used_title: str
    used: str
    forged_title: str
    forged: str

    request_title: str
    working: str
    exported: str
    download: str
    kept: str
    erased: str
    nobody: str
    failed: str
    no_request: str
    number: str

    subject: str
    letter: str
