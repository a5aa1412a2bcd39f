"""Sentences of the report over extreme data: none, one, equal, huge. Each must be true of the rows it is made of."""

from collections.abc import Sequence

import pytest

from sinks.analysis.report.section import Answer, Row, Scope
from sinks.analysis.report.sections import SECTIONS
from sinks.analysis.report.svg import WIDTHS
from tests.support.report_rows import (
    after,
    compared,
    credit,
    decided,
    earned,
    happened,
    incremental,
    long,
    of,
    opened,
    placed,
    rejected,
    scored,
    spent,
    taken,
    varied,
    waited,
)

SCOPE = Scope("2026-03-01", "2026-04-01", 90)
QUESTIONS = {f"{section.id}-{one.id}": one for section in SECTIONS for one in section.questions}
HUGE = 10**12


def told(question: str, *rows: Row) -> str:
    """Everything that the page says of these rows: the sentence, its n and its notes, or why there is nothing."""
    return " | ".join(told_parts(question, rows))


def told_parts(question: str, rows: Sequence[Row]) -> list[str]:
    asked = QUESTIONS[question]
    answer = asked.answer([*rows], SCOPE)
    if not isinstance(answer, Answer):
        return [answer or asked.nothing]
    for width in WIDTHS:
        asked.draw([*rows], width).to_dict(validate=False)
    return [answer.sentence, answer.n, *answer.notes]


SENTENCES: dict[str, tuple[str, list[Row], str]] = {
    "one conversion": (
        "attribution-channels",
        [credit("search", 1, 0.5)],
        "search leads with 100 % of the conversions; every model gives it 100 %. | 1 conversion, revenue 0.50 EUR, 1",
    ),
    "two channels are equal": (
        "attribution-channels",
        [credit("mail", 1 / 3 + 1 / 3 + 1 / 3), credit("search", 1.0)],
        "By their last touch mail and search lead with 50.0 % of the conversions each.",
    ),
    "many channels are equal": (
        "attribution-channels",
        [credit(f"c{n}", 1) for n in range(200)],
        "c0, c1, c10 and 197 more lead with 0.5 % of the conversions each",
    ),
    "almost everything": (
        "attribution-channels",
        [credit("search", HUGE - 1, 1e13), credit("mail", 1), credit("search", HUGE, model="first")],
        "search leads with 100 % of the conversions; every model gives it 100 %",
    ),
    "a share that rounding would make whole": (
        "attribution-channels",
        [credit("search", 9999), credit("mail", 1)],
        "search leads with 99.990 % of the conversions",
    ),
    "half a percent": (
        "attribution-channels",
        [credit("search", 199), credit("mail", 1), credit("mail", 200, model="first")],
        "leads with 99.5 % of the conversions; the models give it between 0 % (first) and 99.5 % (last)",
    ),
    "yen have no cents": (
        "attribution-channels",
        [credit("search", 2, 1200.0, currency="JPY")],
        "2 conversions, revenue 1,200 JPY",
    ),
    "revenue that went back": (
        "attribution-channels",
        [credit("search", 2, -0.0)],
        "revenue 0.00 EUR",
    ),
    "a run that knows more than there is": (
        "attribution-channels",
        [credit("search", 2), credit("search", 5, model="markov_1")],
        "The run of markov_1 is outdated: it knows 5 conversions, now there are 2;",
    ),
    "a name like a label": (
        "attribution-dimensions",
        [of("campaign", "(none)", 3), of("campaign", "", 1), of("placement", "", 4), of("store", "A > B", 4)],
        "the largest shares go to campaign “(none)” (75.0 %) and store A > B (100 %).",
    ),
    "campaigns are equal": (
        "attribution-dimensions",
        [of("campaign", "a", 2), of("campaign", "b", 2)],
        "the largest shares go to campaign a and b (50.0 % each)",
    ),
    "nothing has a campaign": (
        "attribution-dimensions",
        [of("campaign", "", 2), of("placement", "", 2)],
        "No sale of this period has a touch with a campaign, a placement or a store.",
    ),
    "a placement named like the total": (
        "influence-hidden",
        [placed("*", 9, 6, 2, 10), placed("*", 5, 4, 3, 10), placed("poster", 4, 2, 1, 10)],
        "is in 60.0 % of the conversions (31.3 to 83.2 %), and last-click gives it nothing in 20.0 % (5.7 to 51.0 %), "
        "worth 3.33 EUR; the placement that is most often behind another touch is * (3 conversions).",
    ),
    "places are equal": (
        "influence-hidden",
        [placed("*", 9, 6, 2, 10), placed("", 9, 9, 9, 10), placed("a", 5, 4, 1, 10), placed("b", 4, 2, 1, 10)],
        "; the placements that are most often behind another touch are a and b (1 conversion each).",
    ),
    "nobody who saw it bought": (
        "influence-hidden",
        [placed("*", 9, 0, 0, 10), placed("poster", 9, 0, 0, 10)],
        "A touch in the physical world is in 0 % of the conversions (0.0 to 27.8 %). | 10 conversions, 0 of them with",
    ),
    "one of very many": (
        "influence-hidden",
        [placed("*", HUGE, 1, 1, 10**6)],
        "is in 0.000100 % of the conversions (0.000018 to 0.000566 %)",
    ),
    "no conversion": (
        "influence-hidden",
        [placed("*", 9, 0, 0, 0), placed("poster", 9, 0, 0, 0)],
        "No path of this period that ends in a sale has a touch in the physical world.",
    ),
    "one door": (
        "influence-first",
        [opened("poster", 1, 5.0, 1)],
        "placement poster opened the door to the most revenue: 5.00 EUR of 5.00 EUR (100 %). | 1 conversion with",
    ),
    "equal doors, one without a name": (
        "influence-first",
        [opened("poster", 1, 5.0, 3), opened("", 1, 5.0, 3)],
        "touches without a placement and placement poster opened the door to equally much revenue: 5.00 EUR of "
        "10.00 EUR (50.0 %) each.",
    ),
    "doors to nothing": (
        "influence-first",
        [opened("poster", 1, 0.0, 3), opened("shelf", 1, -5.0, 3)],
        "Where a touch in the physical world came first, no revenue is left.",
    ),
    "campaigns return the same": (
        "money-roi",
        [spent("a", 0.5), spent("b", 0.5)],
        "All 2 campaigns with a cost return the same for their money, +50 %, interval unknown. | 4.0 conversions "
        "credited to 2 campaigns that cost 20.00 EUR",
    ),
    "a return close to nothing": (
        "money-roi",
        [spent("a", 0.004), spent("b", -0.0)],
        "Campaign a returns the most for its money, +0.4 %, interval unknown; b the least, 0 %, interval unknown.",
    ),
    "costs in another currency": (
        "money-roi",
        [spent("a", 0.5, other_costs={"USD": 1.5}), spent("b", None, cost=0.0, other_costs={"USD": 1.0, "JPY": 90.0})],
        "that cost 10.00 EUR | Not in these figures: costs of 90 JPY and 2.50 USD, since currencies do not add up.",
    ),
    "costs in another currency alone": (
        "money-roi",
        [spent("a", None, cost=0.0, other_costs={"USD": 1.5})],
        "No campaign has a cost in EUR in this period. Not in these figures: costs of 1.50 USD",
    ),
    "a placement that is named like the whole": (
        "money-roi",
        [spent("a", 1.0), spent("a", 9.0, placement="*", is_whole=False), spent("b", 0.5)],
        "Campaign a returns the most for its money, +100 %, interval unknown; b the least, +50 %",
    ),
    "nothing is incremental": (
        "money-incremental",
        [incremental("a", None, -0.5)],
        "By the hold-out no conversion is incremental: people who were answered bought no more often than those held",
    ),
    "incremental ones are equally cheap": (
        "money-incremental",
        [incremental("a", 20.0, 0.25), incremental("b", 20.0, 0.25)],
        "is equally cheap with a and b: 20.00 EUR (10.00 EUR to no end).",
    ),
    "no hold-out": ("money-incremental", [spent("a", 0.5)], "This needs conversions of campaigns with a cost"),
    "names with the sign between steps": (
        "paths-frequent",
        [taken(["A > B", "a › b", "(no touch)"], 4, 2, 4)],
        "The most frequent path of conversions is A > B › “a › b” › “(no touch)”: 50.0 % of them; of all with this "
        "path 50.0 % (15.0 to 85.0 %) convert.",
    ),
    "sales without any touch": (
        "paths-frequent",
        [taken([], 1, 1, 1)],
        "The most frequent path of conversions is (no touch): 100 % of them. | 2 paths, 1 of them with a conversion",
    ),
    "more equal paths than are listed": (
        "paths-frequent",
        [taken([f"c{n}"], 1, 1, 50, 50) for n in range(12)],
        "The most frequent paths of conversions are c0, c1, c2 and 47 more: 2.0 % of them each.",
    ),
    "one touch": ("paths-lengths", [long(1, 1)], "The one conversion takes 1 touch; none takes more than one, so that"),
    "no touch": ("paths-lengths", [long(0, 3), long(1, 0, 9)], "All conversions take no touch; none takes more than"),
    "most have none": ("paths-lengths", [long(0, 3), long(2, 1)], "Half of the conversions take no touch; 25.0 % take"),
    "all have three": ("paths-lengths", [long(3, 7)], "All conversions take 3 touches; 100 % take more than one"),
    "hardly any has fewer": ("paths-lengths", [long(0, 2), long(1, 20)], "All conversions take 1 touch or fewer; none"),
    "one of very many has several": (
        "paths-lengths",
        [long(1, HUGE - HUGE // 10**6), long(2, HUGE // 10**6)],
        "Half of the conversions take 1 touch or fewer; 0.00010 % take more than one",
    ),
    "exactly a day": (
        "paths-times",
        [after(6, 12, 24.0, 24.0, 12)],
        "All conversions come within 24.0 hours of the first touch, 100 % within a day.",
    ),
    "a moment more than a day": (
        "paths-times",
        [after(24, 2, 24.0001, 30.0, 0)],
        "Half of the conversions come within 24.1 hours of the first touch, 0 % within a day.",
    ),
    "at once": ("paths-times", [after(0, 1, 0.0, 0.0, 1)], "The one conversion comes within 1 minute of the first"),
    "an hour": ("paths-times", [after(0, 2, 1.0, 1.0, 2)], "All conversions come within 1 hour of the first touch"),
    "one event": ("stream-events", [happened("sale", 1)], "kind of event is sale (100 %); the busiest hour began at"),
    "imported history": (
        "stream-events",
        [happened("sale", 4, imported=3)],
        "with 4 events. | 4 events of 1 kind, each counted once | 75.0 % of them came in more than a day after they",
    ),
    "all in time": (
        "stream-scans",
        waited(in_time=1),
        "100 % of the scans got the stream's answer in time, none its tag's fallback unasked. | 1 scan of waiting",
    ),
    "one of very many was late": (
        "stream-scans",
        waited(in_time=99_999, late=1),
        "99.9990 % of the scans got the stream's answer in time; 1 got its tag's fallback: 1 because the answer was",
    ),
    "a reason of tomorrow": (
        "stream-scans",
        waited(in_time=0, tag_unknown=2),
        "0 % of the scans got the stream's answer in time; 2 got their tag's fallback: 2 for the reason tag unknown.",
    ),
    "everybody is held out": (
        "stream-decisions",
        [decided("fallback", 3, "held out")],
        "0 % of the decisions led to a route of the brand; 3 led to the tag's fallback because the person is held",
    ),
    "held out, and no route": (
        "stream-decisions",
        [decided("a", 2), decided("fallback", 1, "held out"), decided("fallback", 1, "not applicable", "know")],
        "50.0 % of the decisions led to a route of the brand, most often a (50.0 %); 2 led to the tag's fallback: 1 "
        "because no route applied and 1 because the person is held out.",
    ),
    "a route of several moments": (
        "stream-decisions",
        [decided("b", 3), decided("a", 2), decided("a", 2, moment="go")],
        "100 % of the decisions led to a route of the brand, most often a (57.1 %). | 7 decisions",
    ),
    "a reason with several fields": (
        "rejects-reasons",
        [
            rejected("invalid", 3, 8, all_events=12, all_lost=12),
            *[rejected("malformed", 3, 8, field=f"f{n}") for n in range(3)],
        ],
        "12 events could not be used, 60.0 % of those received; most often gateway rejected with reason malformed (75",
    ),
    "replayed since": (
        "rejects-reasons",
        [rejected("invalid", 2, 8, replayed=1)],
        "2 events could not be used at first, 22.2 % of those received; most often gateway rejected with reason invalid"
        " (100 %). | 2 rejected events, 8 used | 1 was replayed since;",
    ),
    "nothing but rejects": ("rejects-reasons", [rejected("invalid", 1, 0)], "1 event could not be used, 100 % of"),
    "one point": ("rewards-rules", [earned("scan", 1)], "1 point was earned and 0 reversed (0 %); the largest part"),
    "rules are equal": (
        "rewards-rules",
        [earned("a", 5), earned("b", 5), earned("a", -20, "reversed")],
        "10 points were earned and 20 reversed (200.0 %); the largest part came from each of the rules a and b (50.0",
    ),
    "points of before went back": (
        "rewards-rules",
        [earned("a", -5, "reversed")],
        "No points were earned in this period, 5 of earlier ones were reversed.",
    ),
    "nobody bought": (
        "uplift-holdout",
        [compared((0, 1), (0, 1))],
        "0 % bought within 28 days, of those held out 0 %: a difference of +0.0 points (-10.0 to +10.0), which may be "
        "chance. | 1 person answered, 1 held out",
    ),
    "everybody is held out of the comparison": (
        "uplift-holdout",
        [compared((0, 0), (0, 4), mixed=1)],
        "There is nobody to compare with in this period: 0 people always answered, 4 people always held out, 1 person",
    ),
    "less revenue": (
        "uplift-holdout",
        [
            compared((1, 2), (1, 2), mixed=1, revenue_difference=-2.0, revenue_difference_low=-5.0,
                     revenue_difference_high=1.0)
        ],
        "1 person with decisions of both sorts is left out. | Revenue: 2.00 EUR less a person, the difference being "
        "-5.00 EUR to 1.00 EUR",
    ),
    "a difference of very little": (
        "uplift-holdout",
        [compared((3, 10_000), (1, 10_000))],
        "0.030 % bought within 28 days, of those held out 0.010 %: a difference of +0.020 points",
    ),
    "a variant is better": (
        "experiments-variants",
        [varied("a", 10, 100), varied("b", 20, 100, 0.1, revenue_difference=2.0, revenue_difference_low=-1.0,
                                      revenue_difference_high=5.0)],
        "Of those who were shown “b” in experiment cta 20.0 % converted, of those shown “a” 10.0 %: a difference of "
        "+10.0 points (+5.0 to +15.0), more than chance. | 200 people in 1 experiment | cta, b: 2.00 EUR of revenue a "
        "person against the control (-1.00 EUR to 5.00 EUR).",
    ),
    "a variant is worse, another may be": (
        "experiments-variants",
        [varied("b", 0, 100, -0.1), varied("a", 10, 100, both_people=1), varied("c", 9, 100, -0.01)],
        "points (-15.0 to -5.0), less, beyond chance. Of those who were shown “c”",
    ),
    "an experiment has just begun": (
        "experiments-variants",
        [varied("a", 0, 0), varied("b", 0, 1)],
        "Of experiment cta it is too early to say anything: it takes 100 people of each variant.",
    ),
    "one experiment loses people, another has begun": (
        "experiments-variants",
        [varied("a", 0, HUGE, conclusion="blocked: uneven sample"),
         varied("b", 0, 900, 0.0, conclusion="blocked: uneven sample"), varied("a", 0, 3, experiment="tea"),
         varied("b", 0, 3, experiment="tea")],
        "Experiment cta has no result: so many people were drawn for each variant, a 1,000,000,000,000 and b 900, as",
    ),
    "a model that was not tested": (
        "trust-calibration",
        [scored(0, None, None, skilled=False, auc=None, auc_low=None, auc_high=None, slope=None, brier=None,
                brier_of_rate=None, reason="of 8 training paths 1 convert")],
        "The predictive model was not tested and has no credits: of 8 training paths 1 convert.",
    ),
    "a model without a slope": (
        "trust-calibration",
        [scored(40, 0.1, 0.2, slope=None), scored(60, 0.2, 0.2, slope=None)],
        "better than the 50 of chance, so its credits count; it predicted 16.0 % of them to convert, 20.0 % did. | 100",
    ),
    "hardly better than chance": (
        "trust-calibration",
        [scored(100, 0.1, 0.1, auc=0.5004, auc_low=0.5001, auc_high=0.6)],
        "in 50.04 of 100 pairs (50.01 to 60.00): better than the 50 of chance",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("question", "rows", "expected"), SENTENCES.values(), ids=SENTENCES)
def test_a_sentence_is_true_of_extreme_data(question: str, rows: list[Row], expected: str) -> None:
    assert expected in told(question, *rows)


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_has_sentences_of_extreme_data(question: str) -> None:
    assert question in {asked for asked, _, _ in SENTENCES.values()}
