"""Settings of a worker: bounds of the reject limits."""

import pytest

from processors.shell.settings import WorkerSettings
from schemas.process.settings import SettingError, read_settings

KAFKA = {"FOOTPATH_KAFKA": "localhost:9092"}


def test_reject_limits_are_read() -> None:
    settings = read_settings(
        WorkerSettings, KAFKA | {"FOOTPATH_WORKER_REJECT_RATIO": "0.25", "FOOTPATH_WORKER_REJECT_WINDOW": "500"}
    )
    assert (settings.reject_ratio, settings.reject_window) == (0.25, 500)
    assert (read_settings(WorkerSettings, KAFKA).reject_ratio, read_settings(WorkerSettings, KAFKA).reject_window) == (
        0.5,
        10_000,
    )


@pytest.mark.parametrize("text", ["0", "0.0", "1.1", "-0.5", "half", "nan", "1e-3"])
def test_a_ratio_out_of_range_names_its_setting(text: str) -> None:
    with pytest.raises(SettingError, match=f"FOOTPATH_WORKER_REJECT_RATIO={text}"):
        read_settings(WorkerSettings, KAFKA | {"FOOTPATH_WORKER_REJECT_RATIO": text})
