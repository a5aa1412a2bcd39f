"""The answer to a scan as a function of its cache key.

Thousands of scans share an answer. ``answer_of`` sees the key and the brand and nothing else: whatever an answer's
texts contain is in the key, so nothing of one visitor can reach the phone of another who has a different key.
"""

from urllib.parse import quote

import msgspec

from processors.context.conditions import texts_of
from processors.context.decide import decide
from processors.context.history import History
from processors.context.situation import Situation
from processors.context.timing import Lost
from processors.experiments.assignment import drawn_only
from processors.experiments.exposure import deciding
from processors.reference import Reference
from schemas.brand.model import Brand
from schemas.brand.placeholders import fill, fill_text
from schemas.brand.routes import FALLBACK
from schemas.events import Candidate
from schemas.languages import of_language

MOMENT_WITHOUT_ROUTE = "know"
ANSWERS_CACHED = 10_000
"""The tags of a brand, each with the few conditions that change there."""
CANDIDATES_CACHED = 500_000
"""Of all answers: each has one candidate for each of the brand's routes, of some 130 bytes."""


class AnswerKey(msgspec.Struct, frozen=True, gc=False):
    """Everything that an answer depends on. ``situation`` has no ``local_time``, on which answers depend through the
    opening hours alone, no ``inputs``, and a ``history`` that stands for all that the brand's routes do not
    distinguish. ``faults`` are the outcomes of the brand's expressions (``Conditions.faults``), ``lost`` the routes
    that may not answer now (``Timing.lost``)."""

    situation: Situation
    campaign: str
    faults: tuple[str, ...] = ()
    lost: Lost = ()


class Answer(msgspec.Struct, frozen=True, gc=False):
    """The fields of a ScanRouted that do not depend on who asks and when; ``language`` is that of its texts, ``steps``
    are a page's instructions. ``depends_on`` are the experiments with another variant of which another route would have
    answered."""

    moment: str
    route: str
    action: str
    destination: str
    title: str
    text: str
    label: str
    candidates: tuple[Candidate, ...]
    language: str = ""
    steps: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()


def answer_key(
    situation: Situation,
    history: History | msgspec.UnsetType,
    campaign: str,
    faults: tuple[str, ...] = (),
    lost: Lost = (),
) -> AnswerKey:
    """:param history: what stands for the situation's history (``HistoryConditions.representative``)."""
    experiments = situation.experiments
    if experiments is not msgspec.UNSET:
        experiments = drawn_only(experiments)
    shared = msgspec.structs.replace(
        situation,
        local_time=None,
        history=history,
        experiments=experiments,
        inputs=msgspec.UNSET,
        at=msgspec.UNSET,
        answered_lately=msgspec.UNSET,
        questions=msgspec.UNSET,
    )
    return AnswerKey(shared, campaign, faults, lost)


def cached_answer(key: AnswerKey, reference: Reference) -> Answer:
    """``answer_of``, remembered in the reference data, which a new brand version replaces."""
    found: Answer | None = reference.memo.get(key)
    if found is None:
        if len(reference.memo) >= min(ANSWERS_CACHED, CANDIDATES_CACHED // max(1, len(reference.brand.routes))):
            reference.memo.clear()
        found = reference.memo[key] = answer_of(key, reference.brand)
    return found


def answer_of(key: AnswerKey, brand: Brand) -> Answer:
    """The decision, and its action with the placeholders filled in. The key's tag is one of the brand's."""
    values = placeholder_values(key, brand)
    unknown = frozenset(name for name, value in values.items() if not value)
    faults = dict(zip(texts_of(brand.routes), key.faults, strict=True))
    decision = decide(brand.routes, key.situation, unknown, faults, dict(key.lost))
    route = decision.winner
    depends_on = deciding(decision.eligible, key.situation.variants, brand.experiments)
    if route is None:
        # As the gateway serves it: a fallback has no placeholders.
        return Answer(
            moment=MOMENT_WITHOUT_ROUTE,
            route=FALLBACK,
            action="redirect",
            destination=brand.fallback_of(brand.tags[key.situation.tag]),
            title="",
            text="",
            label="",
            candidates=decision.candidates,
            depends_on=depends_on,
        )
    action, language = route.action, _language_of(key, brand)
    if language != brand.about.language and of_language(action.texts, language) is None:
        # A page has one language: where an action's texts are not in the phone's, so are no names within them.
        language = brand.about.language
        own = msgspec.structs.replace(key.situation, language=language)
        values = placeholder_values(msgspec.structs.replace(key, situation=own), brand)
    texts = action.texts_in(language)
    return Answer(
        moment=route.moment,
        route=route.id,
        action=action.kind,
        destination=fill(action.url, {name: quote(value, safe="") for name, value in values.items()}),
        title=fill_text(texts.title, values),
        text=fill_text(texts.text, values),
        label=fill_text(texts.label, values),
        candidates=decision.candidates,
        language=language,
        steps=tuple(fill_text(step, values) for step in texts.steps),
        depends_on=depends_on,
    )


def placeholder_values(key: AnswerKey, brand: Brand) -> dict[str, str]:
    """The values of the placeholders of an action; empty where nothing is known."""
    language = _language_of(key, brand)
    now = key.situation
    store, product = brand.stores.get(now.store), brand.products.get(now.product)
    return {
        "tag": now.tag,
        "store": now.store,
        "store_name": store.texts_in(language).name if store else "",
        "product": now.product,
        "product_name": product.texts_in(language).name if product else "",
        "campaign": key.campaign,
        "stock": "" if now.stock is None else str(now.stock),
    }


def _language_of(key: AnswerKey, brand: Brand) -> str:
    """The phone's language where it is one of the brand's, else the brand's own."""
    wanted = key.situation.language
    return wanted if isinstance(wanted, str) and wanted in brand.about.languages else brand.about.language
