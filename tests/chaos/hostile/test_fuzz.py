"""The fault: bytes from a coverage-guided search for inputs that break whatever reads bytes.

The promise: no crash, no hang, nothing accepted wrongly; what is accepted means the same to every other reader.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.child_setup import build_die_with_parent
from tests.chaos.hostile import fuzzing
from tests.support.seeds import draw_seed

SHORT = {"codec": 4000, "encoding": 1000, "avro_validate": 150, "importing": 200, "identifiers": 1500, "validate": 150}
LONG_S = 60
"""Seconds of the long form, for each target."""
MAX_BYTES = 1500
HANG_S = 10


@pytest.mark.parametrize("name", fuzzing.TARGETS)
def test_inputs_of_the_corpus_break_no_promise(name: str) -> None:
    inputs = fuzzing.inputs(name)
    assert inputs
    for data in inputs:
        fuzzing.target(name).check(data)


@pytest.mark.timeout(LONG_S + 120)
@pytest.mark.parametrize("name", fuzzing.TARGETS)
def test_a_search_finds_no_input_that_breaks_a_promise(name: str, long: bool, tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="atheris has no wheel for this platform")
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, data in enumerate(fuzzing.inputs(name)):
        (corpus / str(number)).write_bytes(data)
    bound = f"-max_total_time={LONG_S}" if long else f"-runs={SHORT[name]}"
    seed = draw_seed() % 2**31 or 1
    options = [bound, f"-seed={seed}", f"-max_len={MAX_BYTES}", f"-timeout={HANG_S}", "-len_control=0"]
    search = subprocess.run(
        [sys.executable, "-m", f"{fuzzing.__name__}.run", name, *options, f"-artifact_prefix={tmp_path}/", str(corpus)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        errors="replace",
        preexec_fn=build_die_with_parent(),
    )
    assert search.returncode == 0, f"the input is in {tmp_path}:\n{search.stderr[-5000:]}"
    print(search.stderr.splitlines()[-1])
