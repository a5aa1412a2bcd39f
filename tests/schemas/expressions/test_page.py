"""EXPRESSIONS.md has the inputs of the list, all of them and as they are."""

from pathlib import Path

from processors import expressions
from processors.context.inputs.of_situation import OF_SITUATION
from processors.context.inputs.read import NOT_YET, OF_SCENE
from processors.rewards.compiled import PERSON
from schemas.expressions.inputs import CONTEXT, INPUTS, REWARDS, names_read_by
from schemas.expressions.page import page

FILE = Path(__file__).parents[3] / "EXPRESSIONS.md"


def test_the_page_is_what_the_command_prints() -> None:
    assert FILE.read_text() == page(), "run `footpath brand inputs > EXPRESSIONS.md`"


def test_each_evaluator_reads_exactly_the_inputs_that_the_check_allows_it() -> None:
    everywhere = expressions.READ.keys() | expressions.CLOCK.keys()
    known = everywhere | OF_SITUATION.keys() | OF_SCENE.keys() | NOT_YET
    assert names_read_by(CONTEXT) <= known
    assert names_read_by(REWARDS) <= everywhere | PERSON
    assert known | PERSON == {one.name for one in INPUTS}
    assert len({one.name for one in INPUTS}) == len(INPUTS)
