"""A stored decision once more: by the code of today under its own configuration, or under another one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from deploy.operate.why.fitting import Fitting
from deploy.operate.why.stored import micros
from deploy.operate.why.story import Candidate, Comparison, Difference
from processors.context.answer import ANSWERS_CACHED, CANDIDATES_CACHED, Answer
from processors.context.asked import asked_of
from processors.context.content import page_content
from processors.context.recompute import recompute
from processors.context.situation import Situation
from processors.context.timing import MINUTE_US
from processors.reference import Reference
from schemas.brand.model import Brand
from schemas.content import EMPTY
from schemas.events import ScanRouted

NO_INPUTS: Final = "{}"
"""What is stored in place of inputs that nobody may know (any more)."""
NO_TAG: Final = "(no such tag)"
"""Route of a scan whose tag the configuration does not have."""
CANDIDATES: Final = "candidates"
COMPARED: Final = tuple(
    field for field in Answer.__struct_fields__ if field in ScanRouted.__struct_fields__ and field != CANDIDATES
)
"""Fields of an answer that are stored, its candidates and its page's content apart."""
CONTENT: Final = "content"
NOT_COMPARED: Final = ("nearby", "version")
"""Members of a page's content."""


class Scan(msgspec.Struct, frozen=True):
    """What of a stored decision its recomputation needs; ``inputs`` is JSON."""

    person_id: str
    occurred_at: datetime
    campaign: str
    inputs: str


class NewAnswer(msgspec.Struct, frozen=True):
    """``answer`` is None where the brand does not have the tag; ``missing`` names inputs that the brand's routes ask
    for and that the stored ones do not have; ``content`` is what the page shows beside its texts, as JSON."""

    answer: Answer | None
    missing: tuple[str, ...] = ()
    content: str = EMPTY


class Recomputation:
    """Answers scans under one brand, those of the same inputs once; keeps as many answers as context does.

    :param other: whether the brand is another one than decided, so that what inputs owe to it is worked out anew.
    """

    def __init__(self, brand: Brand, other: bool) -> None:
        self._brand = brand
        self._reference, self._asked = Reference(brand), asked_of(brand)
        self._fitting = Fitting(brand, self._asked) if other else None
        self._answers: dict[tuple[str, str], Answer | None] = {}

    def answer(self, scan: Scan) -> NewAnswer | None:
        """The answer; None where the inputs are not stored, or of a release whose inputs this one cannot read."""
        situation = situation_of(scan.inputs)
        if situation is None:
            return None
        tag = self._brand.tags.get(situation.tag)
        if tag is None:
            return NewAnswer(None)
        campaign, missing = scan.campaign, tuple[str, ...]()
        if self._fitting is not None:
            situation, lost = self._fitting.fit(situation, tag, scan.person_id, scan.occurred_at)
            campaign, missing = tag.campaign, tuple(sorted(lost & self._fitting.asks))
        answer = self._answer(situation, campaign)
        if answer is None:
            return NewAnswer(None)
        return NewAnswer(answer, missing, page_content(answer, situation, micros(scan.occurred_at), self._reference))

    def _answer(self, situation: Situation, campaign: str) -> Answer | None:
        # Answers depend on the local time through the opening hours and, to the minute, schedules: so many share one.
        at = situation.at if isinstance(situation.at, msgspec.UnsetType) else situation.at - situation.at % MINUTE_US
        inputs = msgspec.json.encode(msgspec.structs.replace(situation, local_time=None, at=at)).decode()
        key = inputs, campaign
        if key not in self._answers:
            if len(self._answers) >= min(ANSWERS_CACHED, CANDIDATES_CACHED // max(1, len(self._brand.routes))):
                self._answers.clear()
            self._answers[key] = recompute(inputs, campaign, self._brand, self._asked)
        return self._answers[key]


def situation_of(inputs: str) -> Situation | None:
    """The inputs as the code of today knows them; None where they are none, or those of nobody."""
    if inputs == NO_INPUTS:
        return None
    try:
        return msgspec.json.decode(inputs, type=Situation)
    except msgspec.DecodeError:
        return None


def compare(stored: Mapping[str, Any], new: NewAnswer | None, by: str, version: str) -> Comparison:
    """A recomputation beside what was answered, field by field.

    :param stored: the answer's fields as they are stored, with its candidates. :param by: the configuration, in words.
    """
    if new is None:
        why = "its inputs are not stored (the person allows no analytics, was erased, or retention removed them)"
        if stored["inputs"] != NO_INPUTS:
            why = "its inputs are of a release whose inputs this one does not read"
        return Comparison(by=by, brand_version=version, impossible=why)
    if new.answer is None:
        gone = [Difference("route", str(stored["route"]), NO_TAG)]
        return Comparison(
            by=by, brand_version=version, differences=gone, notes=["the configuration does not have the tag"]
        )
    found = differences(stored, new)
    candidates = [Candidate(one.route, one.priority, one.lost_because) for one in new.answer.candidates]
    was = {one.route: (one.priority, one.lost_because) for one in stored[CANDIDATES]}
    for one in candidates:
        if (before := was.pop(one.route, None)) != (one.priority, one.lost_because):
            found.append(Difference(f"candidate {one.route}", _lost(before), _lost((one.priority, one.lost_because))))
    found += [Difference(f"candidate {route}", _lost(before), "(none)") for route, before in was.items()]
    notes = [f"{name} is not among the stored inputs: taken as unknown or none" for name in new.missing]
    return Comparison(
        by=by, brand_version=version, same=not found, differences=found, candidates=candidates, notes=notes
    )


def differences(stored: Mapping[str, Any], new: NewAnswer) -> list[Difference]:
    """The fields of the answer that are others now, candidates apart. Of a page's content the stores nearby are not
    compared: what they had in stock then is not among the inputs."""
    found = [
        Difference(field, str(stored[field]), str(now))
        for field in COMPARED
        if stored[field] != (now := getattr(new.answer, field))
    ]
    if stored[CONTENT] in ("", EMPTY, new.content):
        return found
    was, now_shown = msgspec.json.decode(stored[CONTENT]), msgspec.json.decode(new.content)
    names = [*was, *(name for name in now_shown if name not in was)]
    return found + [
        Difference(f"{CONTENT}.{name}", _json(was.get(name)), _json(now_shown.get(name)))
        for name in names
        if name not in NOT_COMPARED and was.get(name) != now_shown.get(name)
    ]


def _json(value: Any) -> str:
    return "(none)" if value is None else msgspec.json.encode(value).decode()


def _lost(one: tuple[int, str] | None) -> str:
    return "(none)" if one is None else f"{one[0]} {one[1] or 'won'}"
