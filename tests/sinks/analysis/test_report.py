"""The report on a real store: one page with the figures of the store, and a reason where something is missing."""

import csv
import json
import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sinks.analysis.report import sections
from sinks.analysis.report.section import Question, Scope, Section
from sinks.analysis.report.sections import SECTIONS, attribution, trust
from sinks.analysis.report.theme import FAINT, INK, LINE, SERIES
from sinks.analysis.report.write import Written, write
from tests.support import report_data
from tests.support.sink_events import uid
from tests.support.sink_store import Store

SCOPE = Scope("2026-03-01", "2026-04-01", 90)
NEEDS_A_RUN = {"trust-calibration"}
VOID = {"meta", "br", "hr", "img", "input", "link"}


class Page(HTMLParser):
    """A parsed page: its elements with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, attribute: str) -> list[str]:
        return [found[attribute] for _, found in self.elements if attribute in found]


def report(store: Store, folder: Path, *chosen: Section, scope: Scope = SCOPE) -> tuple[Written, Page]:
    began: list[str] = []
    written = write(store.client, chosen or SECTIONS, scope, "Report of <us> & all", folder, began.append)
    assert began == [question.text for section in chosen or SECTIONS for question in section.questions]
    page = Page(written.page.read_text(encoding="utf-8"))
    assert page.open == [], "every element is closed"
    return written, page


def figures(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ids() -> list[str]:
    return [f"{section.id}-{question.id}" for section in SECTIONS for question in section.questions]


def test_a_small_store_gives_figures_that_can_be_counted_by_hand(store: Store, tmp_path: Path) -> None:
    report_data.fill(store)
    written, page = report(store, tmp_path)
    assert written.refused == ()
    drawn = sorted(path.stem for path in (tmp_path / "data").iterdir())
    assert drawn == sorted(set(ids()) - NEEDS_A_RUN), "a file for each chart, and nothing half written"
    assert (written.answered, written.empty) == (len(drawn), len(NEEDS_A_RUN))

    last = {row["channel"]: float(row["conversions"]) for row in figures(tmp_path, "attribution-channels")
            if row["model"] == "last"}  # fmt: skip
    odd = {report_data.HOSTILE: 1.0, f"'{report_data.FORMULA}": 1.0}
    assert last == {"search": 6.0, "direct": 2.0, "out of home": 0.0, **odd}
    assert "By its last touch search leads with 60.0 % of the conversions" in page.text
    assert "between 0 % (first) and 60.0 % (last)" in page.text
    assert "n = 10 conversions, revenue 105.00, 6 models" in page.text
    hint = "footpath attribute --model all --since 2026-03-01 --until 2026-04-01 --lookback-days 90 makes them"
    assert hint in page.text
    # Eight of ten sales follow a scan of the poster that an advertisement came after.
    assert "A touch in the physical world is in 80.0 % of the conversions (49.0 to 94.3 %)" in page.text
    assert "last-click gives it nothing in 80.0 % (49.0 to 94.3 %), worth 84.00" in page.text
    # Linear: 84.00 of revenue for spring, of which it cost 30.00.
    (whole,) = [row for row in figures(tmp_path, "money-roi") if row["placement"] == "*"]
    assert (float(whole["revenue"]), float(whole["cost"]), float(whole["roi"])) == pytest.approx((84, 30, 1.8))
    assert "Campaign spring returns the most for its money, +180 %" in page.text
    assert "50.0 % bought within 28 days, of those held out 30.0 %: a difference of +20.0 points (-" in page.text
    # 3.2 of 8 conversions would not have happened: 1 - 30 % / 50 %.
    assert "cheapest with spring: 9.38 (" in page.text and "8.0 conversions credited, of which 3.2 are" in page.text
    assert "10 people answered, 10 held out" in page.text
    assert "300 people in 1 experiment" in page.text
    assert (
        "85.0 % of the scans got the stream's answer in time; 3 got their tag's fallback: 2 because the answer"
        in page.text
    )
    assert "50.0 % of the decisions led to a route of the brand, most often poster-story" in page.text
    assert (
        "4 events could not be used, 7.4 % of those received; most often gateway rejected with reason malformed"
        in page.text
    )
    assert "100 points were earned and 5 reversed (5.0 %)" in page.text
    assert "The most frequent kinds of events are ad_click and scan (40.0 % each); the first of 17 equally" in page.text
    assert "equally busy hours began at 2026-03-02 03:00 UTC with 2 events" in page.text
    assert "50 events of 3 kinds" in page.text
    assert "All conversions come within 30.0 hours of the first touch, 0 % within a day" in page.text
    _is_self_contained(page)
    _is_accessible(page, pictures=len(drawn))
    _has_a_dark_variant_for_every_colour(page)


def _is_self_contained(page: Page) -> None:
    assert Counter(tag for tag, _ in page.elements)["script"] == 0, "not even that of a hostile channel"
    assert {"object", "iframe", "embed", "link", "image", "base", "form"}.isdisjoint(tag for tag, _ in page.elements)
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]
    assert page.values("src") == page.values("xlink:href") == page.values("style") == []
    anchors = {f"#{id_}" for id_ in page.values("id")}
    for reference in page.values("href"):
        assert reference in anchors or re.fullmatch(r"data/[a-z]+-[a-z]+\.csv", reference)
    clips = re.findall(r"url\(([^)]*)\)", " ".join(value for _, found in page.elements for value in found.values()))
    assert set(clips) <= anchors
    assert "<script>alert('&')</script>\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}" in page.text


def _is_accessible(page: Page, pictures: int) -> None:
    assert max(Counter(page.values("id")).values()) == 1
    ids = set(page.values("id"))
    assert all(set(names.split()) <= ids for names in page.values("aria-labelledby"))
    svgs = [found for tag, found in page.elements if tag == "svg"]
    assert len(svgs) == 2 * pictures, "one for a desktop, one for a phone"
    assert all(svg["role"] == "img" and len(svg["aria-labelledby"].split()) == 2 for svg in svgs)
    assert {float(svg["width"]) <= 680 for svg in svgs} == {True}
    assert sum(float(svg["width"]) <= 330 for svg in svgs) == pictures


def _has_a_dark_variant_for_every_colour(page: Page) -> None:
    known = {light for light, _ in (INK, FAINT, LINE, *SERIES)} | {"none", "transparent"}
    assert {*page.values("fill"), *page.values("stroke")} <= known


def test_an_empty_store_gives_reasons_in_words_and_no_charts(store: Store, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rewards-rules.csv").write_text("of an earlier report")
    written, page = report(store, tmp_path)
    assert (written.answered, written.empty, written.refused) == (0, len(ids()), ())
    assert [tag for tag, _ in page.elements if tag == "svg"] == []
    assert list((tmp_path / "data").iterdir()) == []
    for section in SECTIONS:
        for question in section.questions:
            assert page.text.count(question.nothing) >= 2, "at the top and in its place"


def _section(**changed: Any) -> Section:
    (question,) = [one for section in SECTIONS for one in section.questions if one.id == "rules"]
    fields = {name: getattr(question, name) for name in Question.__slots__}
    return Section(id="other", title="Another", position=1, questions=(Question(**fields | changed),))


def test_a_missing_view_or_a_failed_query_does_not_affect_other_questions(store: Store, tmp_path: Path) -> None:
    store.put(report_data.rewards())
    written, page = report(
        store,
        tmp_path,
        _section(id="later", reads=("reward_posted", "not_there_yet")),
        _section(id="broken", query="SELECT <b> FROM reward_posted"),
        _section(id="writes", query="TRUNCATE TABLE reward_posted"),
        _section(id="whole"),
    )
    assert (written.answered, written.empty) == (1, 1)
    assert written.refused == ("other-broken", "other-writes")
    assert "The store has no not_there_yet yet: run footpath store migrate." in page.text
    assert "The store refused the query: Syntax error" in page.text and "readonly" in page.text
    assert "100 points were earned" in page.text


def store_run(store: Store, model: str, by: str, lookback_days: int, skilled: bool, detail: dict[str, Any]) -> None:
    """A model run of the period of SCOPE, as `footpath attribute` stores it, with all credits for one channel."""
    run_id = uid(f"{model} {by} {lookback_days}")
    if skilled:
        store.client.insert(
            "attribution_credit", [(run_id, "search", 10.0, 105.0)], _names("value conversions revenue")
        )
    at, since, until = (datetime(2026, month, 1, tzinfo=UTC) for month in (5, 3, 4))
    row = (run_id, at, model, by, lookback_days, since, until, skilled, json.dumps(detail))
    names = _names("computed_at model by lookback_days since until skilled detail")
    store.client.insert("attribution_run", [row], names)


def _names(names: str) -> list[str]:
    return ["run_id", *names.split()]


def test_model_runs_of_the_same_period_are_shown_with_the_rules(store: Store, tmp_path: Path) -> None:
    store.put(report_data.touchpoints())
    store_run(store, "markov_1", "channel", 41, True, {})
    store_run(store, "markov_2", "channel", 42, True, {})
    store_run(store, "markov_3", "store", 41, True, {})
    bins = [{"n": 50, "predicted": 0.1, "observed": 0.2}, {"n": 50, "predicted": 0.3, "observed": 0.24}]
    calibration = {"slope": 0.5, "brier": 0.25, "brier_of_rate": 0.24, "bins": bins}
    tested = {"auc": 0.52, "auc_low": 0.4, "auc_high": 0.64, "calibration": calibration}
    store_run(store, "predictive", "channel", 41, False, tested)

    channels = replace(attribution.SECTION, questions=attribution.SECTION.questions[:1])
    written, page = report(store, tmp_path, channels, trust.SECTION, scope=Scope(SCOPE.since, SCOPE.until, 41))
    assert (written.answered, written.refused) == (2, ())
    models = {row["model"] for row in figures(tmp_path, "attribution-channels")}
    assert models == {*attribution.RULES, "markov_1"}, "a model without credits is not among them"
    assert "7 models" in page.text and "footpath attribute" not in page.text
    assert "between 0 % (first) and 100 % (markov_1)" in page.text
    assert "in 52.0 of 100 pairs (40.0 to 64.0): no better than chance, so it has none" in page.text
    assert "100 tested paths" in page.text and len(figures(tmp_path, "trust-calibration")) == 2


def test_a_report_written_twice_is_the_same(store: Store, tmp_path: Path) -> None:
    store.put(report_data.rewards())
    first = report(store, tmp_path, _section(id="rules"))[1].elements, figures(tmp_path, "other-rules")
    store.put(report_data.rewards())
    again = report(store, tmp_path, _section(id="rules"))[1].elements, figures(tmp_path, "other-rules")
    assert again == first and first[1]


def test_the_query_on_the_page_gives_the_figures_of_its_chart(store: Store, tmp_path: Path) -> None:
    report_data.fill(store)
    _, page = report(store, tmp_path, _section(id="rules"))
    (query,) = [words for words in page.words if words.startswith("SELECT rule")]
    again = [[str(value) for value in row] for row in store.ask(query)]
    assert [list(row.values()) for row in figures(tmp_path, "other-rules")] == again != []


def test_a_section_is_added_by_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "__path__", [*sections.__path__, str(tmp_path)])
    rewards = Path(next(iter(sections.__path__)), "rewards.py").read_text(encoding="utf-8")
    added = tmp_path / "added.py"
    added.write_text(rewards.replace('id="rewards"', 'id="added"').replace("position=90", "position=15"))
    found = [section.id for section in sections.discover()]
    assert found == [SECTIONS[0].id, "added", *(section.id for section in SECTIONS[1:])]

    (tmp_path / "twice.py").write_text(rewards)
    with pytest.raises(ValueError, match=r"twice\.py has the id or position of section rewards"):
        sections.discover()
    (tmp_path / "twice.py").unlink()
    (tmp_path / "bare.py").write_text("")
    with pytest.raises(TypeError, match=r"bare\.py must have SECTION"):
        sections.discover()


def test_every_view_that_a_question_reads_is_there(store: Store) -> None:
    there = {name for (name,) in store.ask("SELECT name FROM system.tables WHERE database = 'footpath'")}
    assert {name for section in SECTIONS for one in section.questions for name in one.reads} <= there
    assert max(Counter(ids()).values()) == 1 and max(Counter(section.id for section in SECTIONS).values()) == 1
