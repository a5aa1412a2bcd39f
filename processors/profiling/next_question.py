"""The next question: the one with the highest expected worth that consent, frequency and the moment allow.

    expected worth = value of the question x probability of an answer x information that is left

The probability is the mean of a Beta distribution with the prior Beta(1, 1) and what this person did when they were
asked: (answered + 1) / (asked + 2), over all questions, since few are asked of anybody. The information left is all of
it (1) of a question without an answer; an answer holds, or fades over ``asked_again_after``: after half that time 0.5
is left. What has less than a half left is not asked. Of equal worths the smaller id is asked.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from processors.profiling.answers import Answers
from schemas.brand.model import Survey
from schemas.brand.schedule import window_us
from schemas.brand.surveys import Question

LEAST_LEFT: Final = 0.5
DECIMALS: Final = 6


class QuestionCandidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question that a decision evaluated, as its inputs have it; ``lost_because`` is empty for the one that is asked.
    ``worth`` is the product of the other three."""

    survey: str
    question: str
    worth: float
    value: float
    probability: float
    left: float
    lost_because: str = ""


def candidates(
    surveys: Mapping[str, Survey],
    answers: Answers,
    at: int,
    placement: str,
    allows: Callable[[str], bool],
    faults: Mapping[str, str],
) -> tuple[QuestionCandidate, ...]:
    """Every question, the most worth first: the first without a reason against it is asked, the others are outranked.

    :param answers: of the person. :param at: of the scan, microseconds. :param allows: a purpose of consent.
    :param faults: why each expression of the surveys does not hold.
    """
    answered = sum(question in answers.given for question in answers.asked)
    asked = sum(one.times for one in answers.asked.values())
    probability = (answered + 1) / (max(asked, answered) + 2)
    found = []
    for survey in surveys.values():
        unfit = _unfit(survey, placement, allows, faults) or _pauses(survey, answers, at)
        for question in survey.questions:
            left = _left(survey, question, answers, at)
            worth = question.value * probability * left
            lost = unfit or _too_soon(survey, question, answers, at)
            if not lost and left < LEAST_LEFT:
                lost = "answered"
            found.append(
                QuestionCandidate(
                    survey.id, question.id, round(worth, DECIMALS), question.value, round(probability, DECIMALS),
                    round(left, DECIMALS), lost,
                )
            )  # fmt: skip
    ranked, winner = sorted(found, key=lambda one: (-one.worth, one.question)), ""
    for index, one in enumerate(ranked):
        if one.lost_because:
            continue
        if winner:
            ranked[index] = msgspec.structs.replace(one, lost_because=f"outranked by {winner}")
        winner = winner or one.question
    return tuple(ranked)


def chosen(ranked: tuple[QuestionCandidate, ...]) -> QuestionCandidate | None:
    """The one that is asked."""
    return next((one for one in ranked if not one.lost_because), None)


def _unfit(survey: Survey, placement: str, allows: Callable[[str], bool], faults: Mapping[str, str]) -> str:
    if survey.placements and placement not in survey.placements:
        return f"placement is {placement or 'unknown'}"
    if not allows(survey.purpose):
        return f"no consent to {survey.purpose}"
    return faults.get(survey.expression, "") if survey.expression else ""


def _pauses(survey: Survey, answers: Answers, at: int) -> str:
    """What was answered at once does not count: whoever answers may go on."""
    waits = [one.at for question, one in answers.asked.items() if not _is_answered(question, one.at, answers)]
    pause = window_us(survey.pause) or 0
    return f"asked within {survey.pause}" if any(at - last < pause for last in waits) else ""


def _is_answered(question: str, asked_at: int, answers: Answers) -> bool:
    given = answers.given.get(question)
    return given is not None and given.at >= asked_at


def _too_soon(survey: Survey, question: Question, answers: Answers, at: int) -> str:
    asked = answers.asked.get(question.id)
    if asked is None or _is_answered(question.id, asked.at, answers):
        return ""
    return (
        f"not again within {survey.not_again_within}"
        if at - asked.at < (window_us(survey.not_again_within) or 0)
        else ""
    )


def _left(survey: Survey, question: Question, answers: Answers, at: int) -> float:
    given = answers.given.get(question.id)
    if given is None:
        return 1.0
    return min(1.0, max(0.0, (at - given.at) / survey.stale_us)) if survey.stale_us else 0.0
