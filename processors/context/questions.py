"""The question on the page that answers a scan."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from processors.consents import is_refused
from processors.context.conditions import Conditions
from processors.context.situation import Situation
from processors.context.state import Visitor
from processors.profiling.next_question import QuestionCandidate, candidates, chosen
from processors.reference import Reference
from schemas.brand.model import Brand, Tag
from schemas.consent.choices import Consents
from schemas.content import QuestionFacts
from schemas.events import TouchpointIdentified
from schemas.surveys.answers import question_of


def with_questions(
    situation: Situation,
    values: Mapping[str, Any],
    visitor: Visitor,
    event: TouchpointIdentified,
    tag: Tag,
    reference: Reference,
    said: Sequence[Consents],
    conditions: Conditions | None,
) -> Situation:
    """The situation with the questions that could be asked now, the most worth first.

    :param values: of the inputs that expressions read. :param visitor: what they were asked counts whatever they allow.
    :param said: what the person's source profiles said of consent.
    :param conditions: the expressions of surveys; None where they have none.
    """
    faults = {} if conditions is None else dict(zip(conditions.texts, conditions.faults(values), strict=True))

    def allows(purpose: str) -> bool:
        return not is_refused(said, purpose, event, reference)

    ranked = candidates(reference.brand.surveys, visitor.profile, event.occurred_at, tag.placement, allows, faults)
    return msgspec.structs.replace(situation, questions=ranked)


def asked_of_situation(situation: Situation) -> QuestionCandidate | None:
    """The question that the page asks."""
    return None if isinstance(situation.questions, msgspec.UnsetType) else chosen(situation.questions)


def question_facts(situation: Situation, language: str, brand: Brand) -> QuestionFacts | None:
    """What the page needs to ask it; None where there is none, or the brand has it no more."""
    asked = asked_of_situation(situation)
    question = None if asked is None else question_of(brand, asked.survey, asked.question)
    if asked is None or question is None:
        return None
    numbers = question.numbers
    return QuestionFacts(
        survey=asked.survey,
        id=question.id,
        kind=question.kind,
        text=question.text_in(language),
        choices=tuple(question.choices_in(language).items()),
        least=numbers[0] if numbers else 0,
        most=numbers[-1] if numbers else 0,
        tag=situation.tag,
    )
