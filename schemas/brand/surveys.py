"""Section ``surveys``: what people may be asked, one question at a time."""

from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal

import msgspec

from schemas.brand.expressions import expression_mistakes
from schemas.brand.item import ID, Item, Mistake, Part, Sections, foreign_languages, unknown_name
from schemas.brand.schedule import window_mistakes, window_us
from schemas.brand.tags import PLACEMENTS
from schemas.consent.purposes import ANALYTICS, PERSONALISATION
from schemas.expressions.inputs import CONTEXT

CHOICE, SCALE, NPS, TEXT = "choice", "scale", "nps", "text"
Kind = Literal["choice", "scale", "nps", "text"]
NPS_RANGE: Final = range(11)
CHOICES: Final = range(2, 11)
SCALES: Final = range(11)
MAX_QUESTIONS: Final = 24
"""Of a brand: each decision says of each why it was not asked."""
MAX_TEXT_CHARS: Final = 200
MAX_ANSWER_CHARS: Final = 500
MAX_VALUE: Final = 1_000_000.0


class QuestionTexts(Part, frozen=True, omit_defaults=True):
    """A question in another language of the brand; what is not given is as in its own."""

    text: str = ""
    choices: dict[str, str] = msgspec.field(default_factory=dict)


class Question(Part, frozen=True, omit_defaults=True):
    """One question; its id is its own in the whole brand, and that of ``profile.answers['…']``.

    ``kind``: a choice of ``choices`` (id and text), a number of ``least`` to ``most`` (scale), 0 to 10 (nps: how likely
    somebody is to recommend the brand), or a text. ``value``: what an answer is worth to the brand, in any unit.
    """

    id: str
    kind: Kind
    text: str
    choices: dict[str, str] = msgspec.field(default_factory=dict)
    least: int = 1
    most: int = 5
    value: float = 1.0
    texts: dict[str, QuestionTexts] = msgspec.field(default_factory=dict)

    @property
    def numbers(self) -> range:
        """What may be answered to a scale or an NPS question; nothing for other kinds."""
        return NPS_RANGE if self.kind == NPS else range(self.least, self.most + 1) if self.kind == SCALE else range(0)

    @property
    def event_type(self) -> str:
        """The kind of event that an answer is."""
        return "nps_answered" if self.kind == NPS else "survey_answered"

    def text_in(self, language: str) -> str:
        """The question as a page asks it."""
        return (self.texts[language].text if language in self.texts else "") or self.text

    def choices_in(self, language: str) -> dict[str, str]:
        """The choices as a page has them."""
        return self.choices | (self.texts[language].choices if language in self.texts else {})

    def mistakes(self, field: str, brand: Sections) -> Iterator[Mistake]:
        if not ID.fullmatch(self.id):
            yield f"{field}.id", "must be 1 to 100 letters, digits, '-', '_' or '.'"
        if not 0 < self.value <= MAX_VALUE:
            yield f"{field}.value", f"{self.value} is not above 0 and up to {MAX_VALUE:g}"
        if self.kind == CHOICE and len(self.choices) not in CHOICES:
            yield f"{field}.choices", f"are {len(self.choices)}; {CHOICES[0]} to {CHOICES[-1]} are possible"
        if self.kind != CHOICE and self.choices:
            yield f"{field}.choices", f"belong to kind: {CHOICE}"
        if self.kind == SCALE and not (self.least in SCALES and self.most in SCALES and self.least < self.most):
            yield f"{field}.most", f"a scale goes from {SCALES[0]} or more to {SCALES[-1]} or less, upwards"
        for choice in self.choices:
            if not ID.fullmatch(choice):
                yield f"{field}.choices", f"{choice!r} must be 1 to 100 letters, digits, '-', '_' or '.'"
        yield from foreign_languages(f"{field}.texts", self.texts, brand)
        for language, texts in self.texts.items():
            for choice in texts.choices:
                yield from unknown_name(f"{field}.texts.{language}.choices", choice, self.choices, "there is no choice")
        for text in (self.text, *(one.text for one in self.texts.values() if one.text), *self._choice_texts()):
            if not text.strip() or len(text) > MAX_TEXT_CHARS:
                yield field, f"{text!r} is no text of 1 to {MAX_TEXT_CHARS} characters"

    def _choice_texts(self) -> Iterator[str]:
        yield from self.choices.values()
        for texts in self.texts.values():
            yield from texts.choices.values()


class Survey(Item, frozen=True, omit_defaults=True):
    """Questions with one purpose of consent, ``personalisation`` or ``analytics``, without which they are not asked.

    ``if`` is an expression of the scan, ``placements`` are those of the tags on whose pages they are asked (none: all).
    ``not_again_within``: what was asked and not answered waits so long; ``pause``: so long after any question nothing
    of the survey is asked. ``asked_again_after``: an answer is as good as none after that time; without it, it holds.
    Points come from rewards ``on`` the events survey_answered and nps_answered, once for each person and question.
    """

    section: ClassVar[str] = "surveys"
    kind: ClassVar[str] = "survey"

    questions: tuple[Question, ...]
    placements: tuple[str, ...] = ()
    purpose: str = PERSONALISATION
    condition: str | msgspec.UnsetType = msgspec.field(default=msgspec.UNSET, name="if")
    not_again_within: str = "30 days"
    pause: str = "1 day"
    asked_again_after: str | msgspec.UnsetType = msgspec.UNSET

    @property
    def expression(self) -> str:
        """The text of ``if``; empty where there is none."""
        return self.condition if isinstance(self.condition, str) else ""

    @property
    def stale_us(self) -> int:
        """After how many microseconds an answer is as good as none; 0: never."""
        return (window_us(self.asked_again_after) or 0) if isinstance(self.asked_again_after, str) else 0

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        if not self.questions:
            yield "questions", "must have one at least"
        for index, question in enumerate(self.questions):
            yield from question.mistakes(f"questions[{index}]", brand)
            owner = next(one for one in self._all(brand) if one[1].id == question.id)
            if owner[1] is not question:
                yield f"questions[{index}].id", f"{question.id!r} is a question of {owner[0]} already"
        if sum(1 for _ in self._all(brand)) > MAX_QUESTIONS:
            yield "questions", f"the brand has more than {MAX_QUESTIONS} questions"
        for placement in self.placements:
            yield from unknown_name("placements", placement, PLACEMENTS, "no placement is called")
        yield from unknown_name(
            "purpose", self.purpose, (PERSONALISATION, ANALYTICS), "no purpose of questions is called"
        )
        yield from expression_mistakes("if", self.condition, CONTEXT)
        yield from window_mistakes("not_again_within", self.not_again_within)
        yield from window_mistakes("pause", self.pause)
        if isinstance(self.asked_again_after, str):
            yield from window_mistakes("asked_again_after", self.asked_again_after)

    @staticmethod
    def _all(brand: Sections) -> Iterator[tuple[str, Any]]:
        for survey in brand.surveys.values():
            for question in survey.questions:
                yield survey.id, question
