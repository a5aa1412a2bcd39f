"""The question of a page: a form that posts without a script. A choice and a number are answered by one tap."""

import secrets
from html import escape
from typing import Final

from gateway.landing.texts import as_html, runs
from gateway.landing.words.model import Words
from schemas.brand.surveys import CHOICE, MAX_ANSWER_CHARS, TEXT
from schemas.content import QuestionFacts

TOKEN: Final = f"fp-{secrets.token_hex(16)}"
"""Stands in a page that is remembered where the token of its phone comes; nobody else can write it."""
PATH: Final = "/answer"
"""Where the form is sent to, after the path that phones reach the gateway at."""
STYLE: Final = (
    ".q{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0}"
    ".q button,.q input{font:inherit;min-height:2.75rem;min-width:2.75rem;padding:.3rem .8rem;border-radius:.6rem;"
    "border:.0625rem solid var(--s);background:transparent;color:inherit}.q input{flex:1}"
    "main .bar{position:static}"
)
"""The page's button stays below: over the others it would be in the way of a finger."""


def asked_for(facts: QuestionFacts) -> str:
    """What the token of a form is for, beside its device: an answer to this question, on the page of this tag."""
    return f"{facts.tag}\0{facts.survey}\0{facts.id}"


def question(facts: QuestionFacts, words: Words, attributes: str, direction: str, base: str) -> str:
    """The form.

    :param attributes: mark our own words where they are in another language than the page. :param base: path that
    phones reach the gateway at.
    """
    hidden = {"tag": facts.tag, "survey": facts.survey, "question": facts.id, "token": TOKEN}
    fields = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    if facts.kind == TEXT:
        label = f' aria-labelledby="q" name="answer" maxlength="{MAX_ANSWER_CHARS}" required'
        given = f"<input{label}><button{attributes}>{escape(words.send)}</button>"
    else:
        numbers = [(str(one), str(one)) for one in range(facts.least, facts.most + 1)]
        given = "".join(
            f'<button name="answer" value="{escape(value)}"{runs(text, direction)}>{as_html(text)}</button>'
            for value, text in (facts.choices if facts.kind == CHOICE else numbers)
        )
    return (
        f'<section><h2 id="q"{runs(facts.text, direction)}>{as_html(facts.text)}</h2>'
        f'<form method="post" action="{escape(base)}{PATH}">{fields}'
        f'<div class="q" role="group" aria-labelledby="q">{given}</div></form></section>'
    )
