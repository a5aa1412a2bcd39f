"""The action of a route: what the phone gets."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import msgspec

from schemas.brand.item import Mistake, Part, Sections, foreign_languages, unregistered_address
from schemas.brand.placeholders import named_in, placeholder_faults
from schemas.brand.rendered import text_mistakes
from schemas.languages import of_language

MAX_STEPS = 12


class ActionTexts(Part, frozen=True):
    """The texts of a page in another language of the brand; those that are empty stay in the brand's own."""

    title: str = ""
    text: str = ""
    label: str = ""
    steps: tuple[str, ...] = ()


class Action(Part, frozen=True):
    """What the phone gets: a redirect, or a page with one button.

    Texts and addresses may name {tag}, {store}, {store_name}, {product}, {product_name}, {campaign} and {stock}.
    ``steps`` are instructions, shown one below the other; ``texts`` are those of other languages, by their tag.
    """

    later: ClassVar[frozenset[str]] = frozenset({"steps", "texts"})

    url: str
    kind: Literal["redirect", "page"] = "redirect"
    title: str = ""
    text: str = ""
    label: str = ""
    steps: tuple[str, ...] = ()
    texts: dict[str, ActionTexts] = msgspec.field(default_factory=dict)

    def texts_in(self, language: str) -> ActionTexts:
        """The page's texts in a language of the brand."""
        own = ActionTexts(title=self.title, text=self.text, label=self.label, steps=self.steps)
        found = of_language(self.texts, language)
        if found is None:
            return own
        return ActionTexts(
            title=found.title or own.title,
            text=found.text or own.text,
            label=found.label or own.label,
            steps=found.steps or own.steps,
        )

    def templates(self) -> Iterator[dict[str, str]]:
        """What may name placeholders, in each language: ``url``, ``title``, ``text``, ``label`` and ``steps``."""
        for language in ("", *self.texts):
            texts = self.texts_in(language)
            yield {
                "url": self.url,
                "title": texts.title,
                "text": texts.text,
                "label": texts.label,
                "steps": "\n".join(texts.steps),
            }

    def needs(self) -> frozenset[str]:
        """The placeholders without whose values there is no answer: those of a page's texts in any language, since the
        decision is the same in all, and of the address before its query, where an empty value would lead elsewhere."""
        before_query = self.url.partition("?")[0].partition("#")[0]
        named = named_in(before_query)
        if self.kind == "page":
            for texts in self.templates():
                named = named.union(*(named_in(text) for field, text in texts.items() if field != "url"))
        return named

    def mistakes(self, brand: Sections) -> Iterator[Mistake]:
        yield from foreign_languages("action.texts", self.texts, brand)
        for language, texts in zip(("", *self.texts), self.templates(), strict=True):
            field = f"action.texts.{language}" if language else "action"
            for name, text in texts.items():
                if not language or name != "url":
                    for fault in placeholder_faults(text):
                        yield f"{field}.{name}", fault
            yield from text_mistakes(self.kind == "page", texts, brand.longest, field)
        yield from unregistered_address("action.url", self.url, brand)
        if self.kind == "page" and not (self.title.strip() and self.label.strip()):
            yield "action.title", "a page needs a title and a label"
        if max(len(self.texts_in(language).steps) for language in ("", *self.texts)) > MAX_STEPS:
            yield "action.steps", f"are too many: {MAX_STEPS} is the most"
