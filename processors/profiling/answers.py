"""The answers of a source profile, and what it was asked."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

import msgspec

from schemas.events import TouchpointIdentified
from schemas.ids import hash64
from schemas.surveys.answers import given_in

KEPT: Final = 32
"""Questions of which a source profile keeps the answer, and that it was asked: the latest."""
CHARS_KEPT: Final = 100
"""Of an answer, for expressions; the table has the whole."""


class Answer(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """When (microseconds), what was answered, and the hash64 of the event, which decides at equal times."""

    at: int
    text: str
    event: int


class Asked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How often, and when last."""

    times: int
    at: int


class Answers(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """By question."""

    given: dict[str, Answer] = {}
    asked: dict[str, Asked] = {}

    def with_answer(self, event: TouchpointIdentified) -> "Answers":
        """With what an event answers; the same object where that is nothing new."""
        given = given_in(event.type, event.properties)
        if not given.question:
            return self
        answer = Answer(event.occurred_at, given.answer[:CHARS_KEPT], hash64(event.event_id))
        known = self.given.get(given.question)
        if known is not None and _order(known) >= _order(answer):
            return self
        return Answers(_latest(self.given | {given.question: answer}), self.asked)

    def with_asked(self, question: str, at: int) -> "Answers":
        """Once the question was asked."""
        known = self.asked.get(question, Asked(0, at))
        return Answers(self.given, _latest(self.asked | {question: Asked(known.times + 1, max(known.at, at))}))

    def joined(self, other: "Answers") -> "Answers":
        """Both states of one source profile."""
        if self == other:
            return self
        asked = self.asked | other.asked
        for question in self.asked.keys() & other.asked.keys():
            one, two = self.asked[question], other.asked[question]
            asked[question] = Asked(max(one.times, two.times), max(one.at, two.at))
        return Answers(_latest(_given((self, other))), _latest(asked))

    @property
    def size(self) -> int:
        """Answers."""
        return len(self.given)


NOTHING_ANSWERED: Final = Answers()


def of_person(several: Iterable[Answers]) -> Answers:
    """What all source profiles of a person answered and were asked, as one: of each question the latest answer."""
    known = [one for one in several if one is not NOTHING_ANSWERED]
    if len(known) <= 1:
        return known[0] if known else NOTHING_ANSWERED
    asked: dict[str, Asked] = {}
    for one in known:
        for question, times in one.asked.items():
            before = asked.get(question, Asked(0, 0))
            asked[question] = Asked(before.times + times.times, max(before.at, times.at))
    return Answers(_given(known), asked)


def _given(several: Iterable[Answers]) -> dict[str, Answer]:
    given: dict[str, Answer] = {}
    for one in several:
        for question, answer in one.given.items():
            if question not in given or _order(answer) > _order(given[question]):
                given[question] = answer
    return given


def _order(answer: Answer) -> tuple[int, int]:
    return answer.at, answer.event


Timed = TypeVar("Timed", Answer, Asked)


def _latest(found: Mapping[str, Timed]) -> dict[str, Timed]:
    kept = sorted(found.items(), key=lambda item: (item[1].at, item[0]))[-KEPT:]
    return dict(kept)
