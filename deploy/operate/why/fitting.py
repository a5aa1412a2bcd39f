"""The inputs that a scan would have had under another configuration, worked out of those that are stored."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from deploy.operate.why.stored import micros
from processors.context.asked import Asked
from processors.context.decide import unmet
from processors.context.history import History
from processors.context.holdout import is_held_out
from processors.context.inputs.of_situation import OF_HISTORY, OF_SITUATION, values_of_situation
from processors.context.inputs.read import NOT_YET
from processors.context.situation import Situation
from processors.context.state import IN_STORE_PLACEMENTS
from processors.experiments.assignment import Assignment, Plan, assigned, plans_of
from processors.experiments.assignment import Why as DrawnBy
from processors.experiments.participation import STAFF_BADGE
from processors.experiments.seen import Seen
from processors.expressions import CLOCK, READ, values_of
from schemas.brand.consent import jurisdiction_of
from schemas.brand.model import Brand, Tag, When
from schemas.brand.opening import Hours, hours_of, is_open
from schemas.consent.permission import Why, permission
from schemas.consent.purposes import PERSONALISATION
from schemas.events import TouchpointIdentified

SILENT: Final = (Why.OPT_IN, Why.OPT_OUT)
"""Why a history counted or not where nobody had said anything: the brand's defaults decide."""
WITH_HISTORY: Final = (Why.GRANTED, Why.OPT_OUT)
NO_HISTORY: Final = History(0, Decimal(), None, ())
WORKED_OUT: Final = frozenset((*READ, *CLOCK, *OF_SITUATION, *NOT_YET))
"""Inputs of expressions that the event, the brand or every situation says, or that nothing does."""
ELSEWHERE: Final = ("inventory.", "place.", "capacity.")
"""Inputs of expressions that are about the store and the product at hand, by the beginning of their names."""
PERSONAL: Final = ("behaviour.", "person.", "place.")
"""Those that are about what the visitor did before."""


class Fitting:
    """Fits stored inputs to a brand.

    ``asks`` are the inputs that may not be stored and that the brand's routes or texts ask for.
    """

    def __init__(self, brand: Brand, asked: Asked) -> None:
        self._brand = brand
        self._plans = plans_of(brand)
        self._timing = asked.timing
        self._reads, self._audiences = asked.reads, asked.audiences
        self._has_history = asked.history is not None
        self._reads_history = not OF_HISTORY.keys().isdisjoint(self._reads)
        self._stored_alone = frozenset(self._reads) - WORKED_OUT
        self.asks = _asked(brand) | self._stored_alone
        self.asks |= {"history"} if self._has_history else set()
        self.asks |= {"answered_lately"} if self._timing.limited else set()

    def fit(self, situation: Situation, tag: Tag, person_id: str, at: datetime) -> tuple[Situation, frozenset[str]]:
        """The inputs, and those of them that nobody knows: where the tag is about another product its stock is not
        stored, and a history that was not asked for neither.

        :param tag: the brand's own. :param at: time of the scan.
        """
        brand, lost = self._brand, set[str]()
        store, product = brand.stores.get(tag.store), brand.products.get(tag.product)
        changed: dict[str, Any] = {
            "placement": tag.placement,
            "store": tag.store,
            "product": tag.product,
            "category": product.category if product else "",
            "open": None,
            "held_out": msgspec.UNSET,
        }
        if store is not None:
            changed["open"] = _is_open(hours_of(store, brand.about.country), int(at.timestamp()) // 60)
        if (tag.store, tag.product) != (situation.store, situation.product):
            changed["stock"] = None
            lost.add("stock")
        if tag.product != situation.product:
            changed["bought"] = False
            lost.add("bought")
        if (tag.store, tag.placement) != (situation.store, situation.placement):
            changed["in_store"] = bool(tag.store) and tag.placement in IN_STORE_PLACEMENTS
        if brand.about.holdout.share:
            changed["held_out"] = is_held_out(person_id, brand.about.holdout)
        if not brand.about.languages:
            changed["language"] = msgspec.UNSET
        elif situation.language is msgspec.UNSET:
            changed["language"] = ""
            lost.add("language")
        changed |= self._history(situation, tag, lost)
        changed |= self._timed(situation, at, lost)
        fitted = msgspec.structs.replace(situation, **changed)
        if self._reads:
            fitted = self._with_values(fitted, situation, tag, at, lost)
        fitted = self._with_variants(fitted, tag, person_id, at)
        return fitted, frozenset(lost)

    def _timed(self, situation: Situation, at: datetime, lost: set[str]) -> Mapping[str, Any]:
        """The inputs of schedules, and of what may not answer so soon again."""
        changed: dict[str, Any] = {"at": micros(at) if self._timing.has_schedules else msgspec.UNSET}
        lately = situation.answered_lately
        if isinstance(lately, msgspec.UnsetType):
            lost.add("answered_lately")
            lately = ()
        limited = tuple(one for one in lately if one in self._timing.limited)
        return changed | {"answered_lately": limited if self._timing.limited else msgspec.UNSET}

    def _with_values(self, fitted: Situation, before: Situation, tag: Tag, at: datetime, lost: set[str]) -> Situation:
        """The values that expressions read: place and clock are worked out, those of person and stock are as stored."""
        stored = {} if isinstance(fitted.inputs, msgspec.UnsetType) else fitted.inputs
        void: tuple[str, ...] = ELSEWHERE if (fitted.store, fitted.product) != (before.store, before.product) else ()
        void += PERSONAL if _counts(fitted) != _counts(before) else ()
        kept = {
            name: value for name, value in stored.items() if name in self._stored_alone and not name.startswith(void)
        }
        known = kept.keys() if fitted.history is msgspec.UNSET else kept.keys() | OF_HISTORY.keys()
        lost |= self._stored_alone - known
        event = TouchpointIdentified(
            event_id="",
            occurred_at=micros(at),
            type=fitted.type,
            received_at=micros(at),
            source="",
            primary_identifier="",
            identifiers=(),
            person_id="",
            tag=tag.id,
            store=tag.store,
            placement=tag.placement,
            product=tag.product,
            campaign=tag.campaign,
            trust=None if isinstance(fitted.trust, msgspec.UnsetType) else fitted.trust,
            trust_reasons=tuple(stored.get("event.trust_reasons", ())),
        )
        return msgspec.structs.replace(fitted, inputs=kept | values_of(self._reads, event, self._brand))

    def _history(self, situation: Situation, tag: Tag, lost: set[str]) -> Mapping[str, Any]:
        """The inputs about what the visitor did before: what they said of personalisation counts as it did then,
        silence as the brand has it."""
        brand = self._brand
        counted = _counts(situation)
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
        if not (self._has_history or (self._reads_history and not counts)):
            changed["history"] = msgspec.UNSET
        elif not counts or situation.history is msgspec.UNSET:
            changed["history"] = NO_HISTORY
        return changed

    def _with_variants(self, situation: Situation, tag: Tag, person_id: str, at: datetime) -> Situation:
        """The variants as context draws them; one that the visitor had seen before stays where its phase does."""
        if not self._plans:
            return msgspec.structs.replace(situation, experiments=msgspec.UNSET)
        stored = () if isinstance(situation.experiments, msgspec.UnsetType) else situation.experiments
        known = {(one.id, one.phase): one for one in stored if one.why == DrawnBy.KEPT}
        seen = {
            plan.key: Seen(one.variant, 0, one.both)
            for plan in self._plans
            if (one := known.get((plan.id, plan.phase))) is not None
        }
        out, faults = _excluded(situation, tag, stored), self._faults(situation)

        def lacks(plan: Plan) -> str:
            return unmet(plan.audience, situation) or faults.get(plan.expression, "")

        assignments = assigned(self._plans, person_id, micros(at), seen, out, lacks)
        return msgspec.structs.replace(situation, experiments=assignments)

    def _faults(self, situation: Situation) -> Mapping[str, str]:
        """Why the expressions of experiments do not hold. What was not read then is unknown now."""
        if self._audiences is None:
            return {}
        stored = {} if isinstance(situation.inputs, msgspec.UnsetType) else situation.inputs
        values = stored | values_of_situation(situation)
        return dict(zip(self._audiences.texts, self._audiences.faults(values), strict=True))


def _excluded(situation: Situation, tag: Tag, stored: tuple[Assignment, ...]) -> DrawnBy | None:
    if situation.held_out is True:
        return DrawnBy.HELD_OUT
    if tag.placement == STAFF_BADGE or any(one.why == DrawnBy.STAFF for one in stored):
        return DrawnBy.STAFF
    return None if _counts(situation) else DrawnBy.NO_CONSENT


def _counts(situation: Situation) -> bool:
    """Whether what the visitor did before counts."""
    return situation.consent is msgspec.UNSET or situation.consent in WITH_HISTORY


def _audiences(brand: Brand) -> list[When]:
    return [one.audience for one in brand.experiments.values()]


def _asked(brand: Brand) -> set[str]:
    asked = {"language"} if brand.about.languages else set[str]()
    for when in [*(route.when for route in brand.routes), *_audiences(brand)]:
        if when.bought is not None:
            asked.add("bought")
        if when.visits_at_least is not None:
            asked.add("visits")
        if when.stock_at_least is not None or when.stock_at_most is not None:
            asked.add("stock")
    for route in brand.routes:
        named = any("{stock}" in text for texts in route.action.templates() for text in texts.values())
        if route.promotes_product or named:
            asked.add("stock")
    return asked


@lru_cache(maxsize=65_536)
def _is_open(hours: Hours, minute: int) -> bool | None:
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(hours.time_zone))
    return is_open(hours, local.replace(tzinfo=None))
