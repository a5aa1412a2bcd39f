"""Alerts name metrics, labels and reasons that exist."""

import re
from pathlib import Path

import yaml

from processors import metrics as of_workers
from schemas.reasons import RejectReason
from sinks import metrics as of_sinks

FILE = Path(__file__).parents[2] / "deploy" / "alerts" / "rejects.yaml"
METRICS = {"footpath_worker_rejected_total": of_workers.REJECTED, "footpath_sink_rejected_total": of_sinks.REJECTED}


def test_alerts_name_metrics_and_reasons_that_exist() -> None:
    rules = [rule for group in yaml.safe_load(FILE.read_text())["groups"] for rule in group["rules"]]
    assert rules
    known = {*METRICS, "footpath_sink_waiting", "footpath_privacy_oldest_request_seconds"}
    for rule in rules:
        assert set(re.findall(r"footpath_\w+", rule["expr"])) <= known, rule["alert"]
        for names in re.findall(r'reason=~?"([^"]+)"', rule["expr"]):
            assert set(names.split("|")) <= set(RejectReason), rule["alert"]
        for labels, metric in ((re.search(r"by \(([^)]+)\)", rule["expr"]), name) for name in METRICS):
            if labels and metric in rule["expr"]:
                assert set(labels[1].split(", ")) <= set(METRICS[metric]._labelnames)
