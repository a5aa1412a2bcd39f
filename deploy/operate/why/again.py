"""A stored decision once more: by the code of today under its own configuration, or under another one."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from deploy.operate.why.story import Again, Candidate, Difference
from processors.context.answer import Answer
from processors.context.history import History, history_conditions
from processors.context.holdout import is_held_out
from processors.context.recompute import recompute
from processors.context.situation import Situation
from processors.context.state import IN_STORE_PLACEMENTS
from schemas.brand.consent import jurisdiction_of
from schemas.brand.model import Brand, Tag
from schemas.brand.opening import Hours, hours_of, is_open
from schemas.consent.permission import Why, permission
from schemas.consent.purposes import PERSONALISATION
from schemas.events import ScanRouted

NO_INPUTS: Final = "{}"
"""What is stored in place of inputs that nobody may know (any more)."""
NO_TAG: Final = "(no such tag)"
"""Route of a scan whose tag the configuration does not have."""
SILENT: Final = (Why.OPT_IN, Why.OPT_OUT)
"""Why a history counted or not where nobody had said anything: the brand's defaults decide."""
WITH_HISTORY: Final = (Why.GRANTED, Why.OPT_OUT)
NO_HISTORY: Final = History(0, Decimal(), None, ())
CANDIDATES: Final = "candidates"
COMPARED: Final = tuple(
    field for field in Answer.__struct_fields__ if field in ScanRouted.__struct_fields__ and field != CANDIDATES
)
"""Fields of an answer that are stored, its candidates apart."""
ANSWERS_KEPT: Final = 20_000


class Scan(msgspec.Struct, frozen=True):
    """What of a stored decision its repetition needs; ``inputs`` is JSON."""

    person_id: str
    occurred_at: datetime
    campaign: str
    inputs: str


class Repeated(msgspec.Struct, frozen=True):
    """``answer`` is None where the brand does not have the tag; ``missing`` names inputs that the brand's routes ask
    for and that the stored ones do not have."""

    answer: Answer | None
    missing: tuple[str, ...] = ()


class Repetition:
    """Answers scans under one brand, each of the same inputs once. Keeps so many answers in memory.

    :param other: whether the brand is another one than decided, so that what inputs owe to it is worked out anew.
    """

    def __init__(self, brand: Brand, other: bool) -> None:
        self._brand = brand
        self._other = other
        self._asks = _asked(brand)
        self._answers: dict[tuple[str, str], Answer | None] = {}

    def repeat(self, scan: Scan) -> Repeated | None:
        """The answer; None where the inputs are not stored, or of a release whose inputs this one cannot read."""
        situation = situation_of(scan.inputs)
        if situation is None:
            return None
        tag = self._brand.tags.get(situation.tag)
        if tag is None:
            return Repeated(None)
        lost, campaign = frozenset[str](), scan.campaign
        if self._other:
            situation, lost = fit(situation, tag, scan, self._brand)
            campaign = tag.campaign
        return Repeated(self._answer(situation, campaign), tuple(sorted(lost & self._asks)))

    def _answer(self, situation: Situation, campaign: str) -> Answer | None:
        # Answers depend on the local time through the opening hours alone: without it many scans share one.
        inputs = msgspec.json.encode(msgspec.structs.replace(situation, local_time=None)).decode()
        key = inputs, campaign
        if key not in self._answers:
            if len(self._answers) >= ANSWERS_KEPT:
                self._answers.clear()
            self._answers[key] = recompute(inputs, campaign, self._brand)
        return self._answers[key]


def situation_of(inputs: str) -> Situation | None:
    """The inputs as the code of today knows them; None where they are none, or those of nobody."""
    if inputs == NO_INPUTS:
        return None
    try:
        return msgspec.json.decode(inputs, type=Situation)
    except msgspec.DecodeError:
        return None


def fit(situation: Situation, tag: Tag, scan: Scan, brand: Brand) -> tuple[Situation, frozenset[str]]:
    """The inputs that the same scan would have had under another brand, and those of them that nobody knows: where the
    tag is about another product its stock is not stored, and a history that was not asked for neither.
    """
    store, product = brand.stores.get(tag.store), brand.products.get(tag.product)
    lost = set[str]()
    changed: dict[str, Any] = {
        "placement": tag.placement,
        "store": tag.store,
        "product": tag.product,
        "category": product.category if product else "",
        "open": None,
        "held_out": msgspec.UNSET,
    }
    if store is not None:
        minute = int(scan.occurred_at.timestamp()) // 60
        changed["open"] = _is_open(hours_of(store, brand.about.country), minute)
    if (tag.store, tag.product) != (situation.store, situation.product):
        changed["stock"] = None
        lost.add("stock")
    if tag.product != situation.product:
        changed["bought"] = False
        lost.add("bought")
    if (tag.store, tag.placement) != (situation.store, situation.placement):
        changed["in_store"] = bool(tag.store) and tag.placement in IN_STORE_PLACEMENTS
    if brand.about.holdout.share:
        changed["held_out"] = is_held_out(scan.person_id, brand.about.holdout)
    changed |= _history(situation, tag, brand, lost)
    return msgspec.structs.replace(situation, **changed), frozenset(lost)


def _history(situation: Situation, tag: Tag, brand: Brand, lost: set[str]) -> Mapping[str, Any]:
    """The inputs about what the visitor did before: what they said of personalisation counts as it did then, silence as
    the brand has it."""
    counted = situation.consent is msgspec.UNSET or situation.consent in WITH_HISTORY
    counts, why = counted, situation.consent
    if situation.consent is msgspec.UNSET or situation.consent in SILENT:
        counts, why = True, msgspec.UNSET
        if PERSONALISATION in brand.consent:
            place = jurisdiction_of(tag.store, brand.stores, brand.about.country)
            silent = permission((), PERSONALISATION, 0, brand.consent, place)
            counts, why = silent.allowed, silent.why.value
    changed: dict[str, Any] = {"consent": why}
    if counts and not counted:
        lost |= {"visits", "bought", "history"}
    elif counted and not counts:
        changed |= {"visits": min(situation.visits, 1), "bought": False}
    if counts and situation.history is msgspec.UNSET:
        lost.add("history")
    if history_conditions(brand.routes) is None:
        changed["history"] = msgspec.UNSET
    elif not counts or situation.history is msgspec.UNSET:
        changed["history"] = NO_HISTORY
    return changed


def _asked(brand: Brand) -> frozenset[str]:
    """Which of the inputs that may be unknown the brand's routes ask for."""
    asked = {"history"} if history_conditions(brand.routes) is not None else set[str]()
    for route in brand.routes:
        when = route.when
        if when.bought is not None:
            asked.add("bought")
        if when.visits_at_least is not None:
            asked.add("visits")
        if route.promotes_product or when.stock_at_least is not None or when.stock_at_most is not None:
            asked.add("stock")
        if any("{stock}" in text for texts in route.action.templates() for text in texts.values()):
            asked.add("stock")
    return frozenset(asked)


@lru_cache(maxsize=65_536)
def _is_open(hours: Hours, minute: int) -> bool | None:
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(hours.time_zone))
    return is_open(hours, local.replace(tzinfo=None))


def again(stored: Mapping[str, Any], repeated: Repeated | None, by: str, version: str) -> Again:
    """A repetition beside what was answered, field by field.

    :param stored: the answer's fields as they are stored, with its candidates. :param by: the configuration, in words.
    """
    if repeated is None:
        why = "its inputs are not stored (the person allows no analytics, was erased, or retention removed them)"
        if stored["inputs"] != NO_INPUTS:
            why = "its inputs are of a release whose inputs this one does not read"
        return Again(by=by, brand_version=version, impossible=why)
    if repeated.answer is None:
        gone = [Difference("route", str(stored["route"]), NO_TAG)]
        return Again(by=by, brand_version=version, differences=gone, notes=["the configuration does not have the tag"])
    found = differences(stored, repeated.answer)
    candidates = [Candidate(one.route, one.priority, one.lost_because) for one in repeated.answer.candidates]
    was = {one.route: (one.priority, one.lost_because) for one in stored[CANDIDATES]}
    for one in candidates:
        if (before := was.pop(one.route, None)) != (one.priority, one.lost_because):
            found.append(Difference(f"candidate {one.route}", _lost(before), _lost((one.priority, one.lost_because))))
    found += [Difference(f"candidate {route}", _lost(before), "(none)") for route, before in was.items()]
    notes = [f"{name} is not among the stored inputs: taken as unknown or none" for name in repeated.missing]
    return Again(by=by, brand_version=version, same=not found, differences=found, candidates=candidates, notes=notes)


def differences(stored: Mapping[str, Any], answer: Answer) -> list[Difference]:
    """The fields of the answer that are others now, candidates apart."""
    return [
        Difference(field, str(stored[field]), str(now))
        for field in COMPARED
        if field in stored and not _same(stored[field], now := getattr(answer, field))
    ]


def _same(was: Any, now: Any) -> bool:
    """Whether two values of a field say the same; an empty JSON object is what older rows have as empty text."""
    return was == now or {was, now} <= {"", "{}"}


def _lost(one: tuple[int, str] | None) -> str:
    return "(none)" if one is None else f"{one[0]} {one[1] or 'won'}"
