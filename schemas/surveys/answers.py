"""An answer: three properties of an event survey_answered or nps_answered."""

from typing import Any, Final

import msgspec

from schemas.brand.model import Brand
from schemas.brand.surveys import CHOICE, MAX_ANSWER_CHARS, TEXT, Question

SURVEY, QUESTION, ANSWER = "survey", "question", "answer"
ANSWERED: Final = frozenset(("survey_answered", "nps_answered"))
"""Kinds of events that answer questions."""
_MEMBER: Final = f'"{QUESTION}":'


class Given(msgspec.Struct, frozen=True):
    """What an event says that somebody answered; empty where it says nothing of it."""

    survey: str = ""
    question: str = ""
    answer: str = ""


_read = msgspec.json.Decoder(Given).decode
NOTHING_GIVEN: Final = Given()


def given_in(type: str, properties: str) -> Given:
    """The answer of an event; nothing for any other event."""
    if type not in ANSWERED or _MEMBER not in properties:
        return NOTHING_GIVEN
    try:
        found = _read(properties)
    except msgspec.MsgspecError:  # as senders wrote it before the brand had surveys
        return NOTHING_GIVEN
    return found if found.question else NOTHING_GIVEN


def question_of(brand: Brand, survey: str, question: str) -> Question | None:
    """The brand's question; None for none."""
    known = brand.surveys.get(survey)
    return None if known is None else next((one for one in known.questions if one.id == question), None)


def answer_of(question: Question, answer: Any) -> str | None:
    """An answer in its one form, which is a text; None where it is none of the question's."""
    if isinstance(answer, bool) or not isinstance(answer, str | int):
        return None
    text = str(answer).strip() if isinstance(answer, str) or abs(answer) < 100 else ""
    if question.kind == TEXT:
        return text if 0 < len(text) <= MAX_ANSWER_CHARS else None
    if question.kind == CHOICE:
        return text if text in question.choices else None
    return text if text.isascii() and text.isdigit() and len(text) < 3 and int(text) in question.numbers else None
