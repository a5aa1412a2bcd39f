"""The page: one self-contained file for screen, paper, phone and screen reader."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from string import Template
from typing import Any, Final

from sinks.analysis.report.queries import QueryResult
from sinks.analysis.report.section import Question, Row, Section
from sinks.analysis.report.theme import FAINT, INK, LINE, PAPER, SERIES, dark_rules

TABLE_ROWS: Final = 100
"""Maximum number of table rows on the page; the CSV file has all."""


@dataclass(frozen=True, slots=True)
class AnsweredQuestion:
    """A question with its result, its charts by width, and the CSV file of its figures."""

    question: Question
    result: QueryResult
    charts: Sequence[str]
    file: str


def page(title: str, about: str, sections: Iterable[tuple[Section, Sequence[AnsweredQuestion]]]) -> str:
    """The whole page as HTML. Every text is escaped here; charts are SVG elements already."""
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


def _contents(sections: Sequence[tuple[Section, Sequence[AnsweredQuestion]]]) -> str:
    """The list of all answers, each a link to its chart."""
    lines = []
    for section, shown in sections:
        for one in shown:
            link = f'<a href="#{section.id}-{one.question.id}">{escape(one.question.text)}</a>'
            lines.append(f"<li>{link}{escape(_brief(one.result))}</li>")
    return f'<nav aria-label="Answers"><ul>{"".join(lines)}</ul></nav>'


def _brief(result: QueryResult) -> str:
    return result.answer.sentence if result.answer else result.why


def _article(section: Section, shown: AnsweredQuestion) -> str:
    question, result = shown.question, shown.result
    id_ = f"{section.id}-{question.id}"
    parts = [f'<article aria-labelledby="{id_}"><h3 id="{id_}">{escape(question.text)}</h3>']
    if result.answer:
        wide, narrow = shown.charts
        parts += [
            f'<p>{escape(result.answer.sentence)}</p><p class="n">n = {escape(result.answer.n)}</p>',
            f'<figure><div class="picture wide">{wide}</div><div class="picture narrow">{narrow}</div>',
            f"<figcaption>{escape(question.how)}</figcaption></figure>",
            *(f'<p class="faint">{escape(note)}</p>' for note in result.answer.notes),
            _figures(question, result.simple, shown.file),
        ]
    else:
        parts.append(f'<p class="nothing{" failed" * result.failed}">{escape(result.why)}</p>')
    parts.append(f"<details><summary>Query</summary><pre><code>{escape(result.query)}</code></pre></details></article>")
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
        case list():
            return " › ".join(map(_cell, value)) or "–"
        case dict():
            return ", ".join(f"{_cell(one)} {key}" for key, one in value.items()) or "–"
    return str(value)
