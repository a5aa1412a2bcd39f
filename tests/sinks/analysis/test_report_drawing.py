"""Charts and formatted figures of the report: legible with any colour vision, within their width, and complete."""

import csv
import io
import itertools
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sinks.analysis import formatting
from sinks.analysis.intervals import wilson
from sinks.analysis.report.charts import OTHER, bars, intervals, over_time
from sinks.analysis.report.section import Drawing, Scope
from sinks.analysis.report.sections import attribution
from sinks.analysis.report.svg import WIDTHS, accessible, draw
from sinks.analysis.report.theme import FAINT, INK, LINE, PAPER, SERIES
from sinks.analysis.report.write import figures
from tests.oracles import intervals as oracle

SCOPE = Scope("2026-03-01", "2026-04-01", 90)
LIGHT, DARK = 0, 1
MACHADO = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "full colour": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
"""Machado, Oliveira and Fernandes, A physiologically-based model for simulation of color vision deficiency (2009)."""
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(axis=1)


def linear(colour: str) -> Any:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    dark, light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def lab(colour: str, sight: str) -> Any:
    seen = np.clip(np.array(MACHADO[sight]) @ linear(colour), 0, 1)
    x, y, z = (
        part ** (1 / 3) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in TO_XYZ @ seen / WHITE
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
def test_texts_and_shapes_have_enough_contrast(scheme: int) -> None:
    for colour in (INK, FAINT, SERIES[0]):
        assert contrast(colour[scheme], PAPER[scheme]) >= 4.5
    for shape in SERIES:
        assert contrast(shape[scheme], PAPER[scheme]) >= 3


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("sight", MACHADO)
def test_the_colours_of_a_chart_differ_with_any_colour_vision(scheme: int, sight: str) -> None:
    for one, other in itertools.combinations([colour[scheme] for colour in SERIES], 2):
        assert np.linalg.norm(lab(one, sight) - lab(other, sight)) > 15, (one, other)


def test_every_light_colour_has_one_dark_variant() -> None:
    lights = [light for light, _ in (INK, FAINT, LINE, *SERIES)]
    assert len(set(lights)) == len(lights)


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_of_a_share_is_wilsons(case: tuple[int, int]) -> None:
    assert wilson(*case) == pytest.approx(oracle.wilson(*case), abs=1e-9)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (formatting.share(0), "0 %"),
        (formatting.share(1), "100 %"),
        (formatting.share(0.4267), "42.7 %"),
        (formatting.share(0.00025), "0.025 %"),
        (formatting.hours(0.25), "15 minutes"),
        (formatting.hours(30), "30.0 hours"),
        (formatting.hours(72), "3.0 days"),
        (formatting.hours(24 * 21), "3.0 weeks"),
        (formatting.plural(1, "path"), "1 path"),
        (formatting.plural(2, "entry", "entries"), "2 entries"),
        (formatting.interval_text(0.25, 0.5), "25.0 to 50.0 %"),
        (formatting.interval_text(None, 0.5), "interval unknown"),
        (formatting.label("spring / "), "spring / (none)"),
        (formatting.label(" / "), "(none)"),
        (formatting.printable("a\x1fb\x00\u202ec"), "a / b\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}c"),
        (formatting.join_words(["a"]), "a"),
        (formatting.join_words(["a", "b", "c"]), "a, b and c"),
        (formatting.credits(1.25), "1.2"),
        (formatting.credits(1250.4), "1,250"),
    ],
)
def test_figures_are_formatted(found: str, wanted: str) -> None:
    assert found == wanted


@given(st.lists(st.tuples(st.text(), st.decimals(-(10**9), 10**9, places=6)), min_size=1))
@example([("=1+1", Decimal("-1.000000"))])
def test_figures_come_back_from_their_file_and_no_text_becomes_a_formula(rows: list[tuple[str, Decimal]]) -> None:
    table = list(csv.reader(io.StringIO(figures([{"text": text, "money": money} for text, money in rows]), newline="")))
    assert table[0] == ["text", "money"]
    for (text, money), (text_there, money_there) in zip(rows, table[1:], strict=True):
        assert text_there.removeprefix("'") == text.removeprefix("'")
        assert not text_there.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert Decimal(money_there) == money


def test_a_time_in_a_file_of_figures_says_that_it_is_utc() -> None:
    assert figures([{"at": datetime(2026, 3, 1, 12)}]) == "at\r\n2026-03-01T12:00:00+00:00\r\n"


def texts(element: ElementTree.Element, x: float = 0.0) -> Iterator[tuple[float, float, str]]:
    """Left end, right end and content of every text of a chart; the width is an upper estimate."""
    for shift in re.findall(r"translate\(([-\d.]+)", element.get("transform", "")):
        x += float(shift)
    if element.tag == "text" and element.text:
        size = 6.6 * len(element.text)
        left = {"start": x, "end": x - size}.get(element.get("text-anchor", "start"), x - size / 2)
        yield left, left + size, element.text
    for child in element:
        yield from texts(child, x)


LINES = [(120_000, "120,000 of 1,300,000 (8.9 to 9.4 %)"), (119_000, "a few"), (0, "0 of 3 (0.0 to 56.1 %)")]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_words_of_a_bar_stay_within_the_picture(width: int) -> None:
    rows = [{"label": f"path {i}", "value": value, "text": text} for i, (value, text) in enumerate(LINES)]
    picture = ElementTree.fromstring(drawn(bars(rows, "label", "value", "text", width)))
    found = list(texts(picture))
    assert {text for _, _, text in found} == {*(row["label"] for row in rows), *(text for _, text in LINES)}
    assert all(left >= 0 and right <= width for left, right, _ in found), found


@pytest.mark.parametrize("width", WIDTHS)
def test_an_interval_that_is_unknown_leaves_its_point(width: int) -> None:
    rows = [
        {"label": "known", "middle": 0.5, "low": 0.25, "high": 0.75, "text": "n = 8"},
        {"label": "unknown", "middle": 0.5, "low": None, "high": None, "text": "n = 0"},
    ]
    picture = drawn(intervals(rows, "label", "middle", "low", "high", "text", width, zero=True))
    assert picture.count('stroke-width="3"') == 1, "one span"
    assert len(re.findall(r'fill="#1f2329"[^>]*d=|d="[^"]*A[^"]*"', picture)) == 2, "two points"


def drawn(drawing: Drawing) -> str:
    return draw(drawing, "picture", "What is it?", "A picture.")


def test_a_chart_has_a_title_a_description_and_unique_ids() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="9" onload="x()"><defs><clipPath id="clip0"></clipPath></defs>'
        '<g clip-path="url(#clip0)" aria-label="2" style="x"><text>a&lt;b</text></g></svg>'
    )
    assert accessible(svg, "one", 'Who & "why"', "It is <so>.") == (
        '<svg width="9" role="img" aria-labelledby="one-title one-description">'
        '<title id="one-title">Who &amp; "why"</title><desc id="one-description">It is &lt;so&gt;.</desc>'
        '<defs><clipPath id="one-clip0"></clipPath></defs><g clip-path="url(#one-clip0)"><text>a&lt;b</text></g></svg>'
    )


def test_counts_over_time_are_stacked_without_gap_or_overlap() -> None:
    rows = [
        {"at": f"2026-03-0{day}T00:00:00Z", "to": f"2026-03-0{day + 1}T00:00:00Z", "series": series, "count": count}
        for day, series, count in ((1, "scan", 3), (1, "sale", 2), (2, OTHER, 5), (1, OTHER, 1))
    ]
    (values,) = over_time(rows, ["sale", "scan", OTHER], 680).to_dict()["datasets"].values()
    stacks = defaultdict(list)
    for value in values:
        stacks[value["at"][:10]].append((value["series"], value["low"], value["high"]))
    assert stacks["2026-03-01"] == [("sale", 0, 2), ("scan", 2, 5), (OTHER, 5, 6)]
    assert stacks["2026-03-02"] == [(OTHER, 0, 5)]


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["first", "last", "linear"]), st.sampled_from([f"channel {i}" for i in range(14)])),
        st.tuples(st.floats(0.001, 1e6), st.floats(0, 1e6)),
        min_size=1,
    )
)
@settings(max_examples=50)
def test_values_summed_as_all_others_lose_nothing(credits: dict[tuple[str, str], tuple[float, float]]) -> None:
    rows = [
        {"model": model, "channel": channel, "conversions": conversions, "revenue": revenue}
        for (model, channel), (conversions, revenue) in credits.items()
    ]
    panels = attribution.panels(rows, "model", "channel")
    sums: dict[str, float] = defaultdict(float)
    for panel in panels:
        sums[panel["panel"]] += panel["conversions"]
    assert sums == pytest.approx({row["model"]: 1.0 for row in rows})
    assert len({panel["value"] for panel in panels}) <= attribution.MAX_VALUES
    many = len({row["channel"] for row in rows}) > attribution.MAX_VALUES
    assert many == (OTHER in {panel["value"] for panel in panels})
