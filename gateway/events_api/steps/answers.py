"""Step for survey_answered and nps_answered: an answer to a question of the brand, in its one form. What names no
survey is an answer of another system, which is kept as it is."""

from gateway.events_api.draft import Draft
from gateway.events_api.errors import ValidationError
from schemas.surveys.answers import ANSWER, QUESTION, SURVEY, answer_of, question_of


def answer(draft: Draft) -> None:
    """:raises ValidationError: the brand has no such question, another kind of event has it, or it is no answer."""
    brand, stated = draft.brand_view.brand, draft.properties
    if not brand.surveys or SURVEY not in stated:
        return
    survey, question = stated[SURVEY], stated.get(QUESTION)
    known = question_of(brand, survey, question) if isinstance(survey, str) and isinstance(question, str) else None
    if known is None:
        raise ValidationError(f"properties.{QUESTION}", "is no question of the brand's survey")
    if draft.input.type != known.event_type:
        raise ValidationError("type", f"must be {known.event_type} for this question")
    given = answer_of(known, stated.get(ANSWER))
    if given is None:
        raise ValidationError(f"properties.{ANSWER}", f"is no answer to a question of kind {known.kind}")
    draft.properties = stated | {ANSWER: given}
