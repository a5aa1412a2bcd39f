"""The page: one file that needs nothing else, readable by eye, on paper, on a phone, and by a screen reader."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template
from typing import Any, Final

from sinks.analysis.report.asking import Told
from sinks.analysis.report.look import FAINT, INK, LINE, PAPER, SERIES, dark_rules
from sinks.analysis.report.section import Question, Row, Section

TABLE_ROWS: Final = 100
"""Rows of figures on the page; the file has all."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as the page has it: what the store told, the pictures by width, and the file of its figures."""

    question: Question
    told: Told
    pictures: Sequence[str]
    file: str


def page(title: str, about: str, sections: Iterable[tuple[Section, Sequence[Shown]]]) -> str:
    """The whole page as HTML. Every text is escaped here; pictures are SVG elements already."""
    sections = list(sections)
    body = [_contents(sections), "<main>"]
    for section, shown in sections:
        body.append(f'<section aria-labelledby="{section.id}"><h2 id="{section.id}">{escape(section.title)}</h2>')
        body += [_article(section, one) for one in shown]
        body.append("</section>")
    body.append("</main>")
    skeleton = resources.files(__package__).joinpath("page.html").read_text(encoding="utf-8")
    return Template(skeleton).substitute(
        title=escape(title),
        about=escape(about),
        body="\n".join(body),
        paper=PAPER[0],
        paper_dark=PAPER[1],
        ink=INK[0],
        ink_dark=INK[1],
        faint=FAINT[0],
        faint_dark=FAINT[1],
        line=LINE[0],
        line_dark=LINE[1],
        link=SERIES[0][0],
        link_dark=SERIES[0][1],
        alarm=SERIES[1][0],
        dark=dark_rules(),
    )


def _contents(sections: Sequence[tuple[Section, Sequence[Shown]]]) -> str:
    """The answers at a glance, each leading to its chart."""
    lines = [
        f'<li><a href="#{section.id}-{one.question.id}">{escape(one.question.text)}</a>{escape(_brief(one.told))}</li>'
        for section, shown in sections
        for one in shown
    ]
    return f'<nav aria-label="Answers"><ul>{"".join(lines)}</ul></nav>'


def _brief(told: Told) -> str:
    return told.answer.sentence if told.answer else told.why


def _article(section: Section, shown: Shown) -> str:
    question, told = shown.question, shown.told
    id_ = f"{section.id}-{question.id}"
    parts = [f'<article aria-labelledby="{id_}"><h3 id="{id_}">{escape(question.text)}</h3>']
    if told.answer:
        wide, narrow = shown.pictures
        parts += [
            f'<p>{escape(told.answer.sentence)}</p><p class="n">n = {escape(told.answer.n)}</p>',
            f'<figure><div class="picture wide">{wide}</div><div class="picture narrow">{narrow}</div>',
            f"<figcaption>{escape(question.how)}</figcaption></figure>",
            *(f'<p class="faint">{escape(note)}</p>' for note in told.answer.notes),
            _figures(question, told.simple, shown.file),
        ]
    else:
        parts.append(f'<p class="nothing{" failed" * told.failed}">{escape(told.why)}</p>')
    parts.append(
        f"<details><summary>Ask again</summary><pre><code>{escape(told.query)}</code></pre></details></article>"
    )
    return "\n".join(parts)


def _figures(question: Question, rows: Sequence[Row], file: str) -> str:
    heads = list(rows[0])
    numeric = {head for head in heads if all(isinstance(row[head], int | float | None) for row in rows)}
    head = "".join(f'<th scope="col"{_class(one in numeric)}>{escape(one)}</th>' for one in heads)
    body = "".join(
        "<tr>" + "".join(f"<td{_class(one in numeric)}>{escape(_cell(row[one]))}</td>" for one in heads) + "</tr>"
        for row in rows[:TABLE_ROWS]
    )
    more = f", the first {TABLE_ROWS} of {len(rows):,} rows" if len(rows) > TABLE_ROWS else ""
    link = f'<a href="{escape(file)}">{escape(file)}</a>'
    label = escape(f"Figures: {question.text}")
    return (
        f'<details><summary>Figures{more}</summary><p class="faint">All of them: {link}</p>'
        f'<div class="scroll" tabindex="0" role="region" aria-label="{label}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></details>"
    )


def _class(number: bool) -> str:
    return ' class="number"' if number else ""


def _cell(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.4f}".rstrip("0").rstrip(".")
    return str(value)
