"""infra/observability.yaml watches everything that template.yaml makes, and a gap in it is found."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from scanward.domain import tasks
from scanward.domain.orders import Priority
from tests.support.cloud import ROOT, template
from tests.unit.infra.gate import of_type
from tests.unit.infra.watch import WATCHES, Watch, alarmed, alarms

OBSERVED = "infra/observability.yaml"
DELETE = object()
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue", "Properties": {}}
TABLE: dict[str, Any] = {"Type": "AWS::DynamoDB::Table", "Properties": {}}


def function(kind: str) -> dict[str, Any]:
    """Return a function that somebody added."""
    events = {"It": {"Type": kind, "Properties": {"Queue": "HighQueue.Arn"}}}
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {"FunctionName": "${AWS::StackName}-new", "Events": events},
    }


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: watch.__name__)
def test_everything_is_watched(watch: Watch) -> None:
    assert list(watch(template(), template(OBSERVED))) == []


@pytest.mark.parametrize(
    ("name", "added", "complaint"),
    [
        ("New", function("Api"), "New: nobody is told of Errors"),
        ("New", function("Api"), "New: nobody is told of Throttles"),
        ("New", function("DynamoDB"), "New: nobody is told when it falls behind"),
        ("New", function("Schedule"), "New: nobody is told when it stops running"),
        ("NewQueue", QUEUE, "NewQueue: nobody is told of ApproximateNumberOfMessagesVisible"),
        ("NewTable", TABLE, "NewTable: nobody is told of ReadThrottleEvents"),
        ("NewTable", TABLE, "NewTable: nobody is told of WriteThrottleEvents"),
    ],
)
def test_something_new_that_nobody_watches_is_found(name: str, added: dict[str, Any], complaint: str) -> None:
    grown = copy.deepcopy(template())
    grown["Resources"][name] = added
    assert any(complaint in found for watch in WATCHES for found in watch(grown, template(OBSERVED)))


# Where the watching is broken (below Resources, or from the root after a slash), how, and the complaint.
BROKEN: list[tuple[str, Any, str]] = [
    ("AuthErrors", DELETE, "AuthFunction: nobody is told of Errors"),
    ("AuthErrors.Properties.Dimensions.0.Value", "${Stack}-oath", "AuthFunction: nobody is told of Errors"),
    ("PushLate", DELETE, "PushFunction: nobody is told when it falls behind"),
    ("SweepSilent.Properties.TreatMissingData", "notBreaching", "SweepFunction: nobody is told when it stops"),
    ("HighLate", DELETE, "HighQueue: nobody is told of ApproximateAgeOfOldestMessage"),
    ("PushFailures", DELETE, "PushFailureQueue: nobody is told of ApproximateNumberOfMessagesVisible"),
    ("ScansDueThrottled", DELETE, "its index due turns down writes"),
    ("ModelsRefused", DELETE, "nobody is told of ModelsRefused"),
    ("/Parameters.LowQueue", DELETE, "LowQueue is asked for or handed in, not both"),
    ("SetAside.Properties.AlarmActions", DELETE, "nobody hears of it"),
    ("SetAside.Properties.OKActions", [], "nobody hears of it"),
    ("SetAside.Properties.TreatMissingData", DELETE, "nobody hears of it"),
    ("SetAside.Properties.AlarmDescription", DELETE, "does not say what is wrong"),
    ("SetAside.Properties.MetricName", "ObjectSetAside", "what nobody measures"),
    ("SetAside.Properties.Dimensions", [{"Name": "account", "Value": "7"}], "what nobody measures"),
    ("Topic.Properties.KmsMasterKeyId", "alias/aws/sns", "a key that CloudWatch may use"),
    ("SetAside.Properties.Metrics", [], "nothing that the embedded cloud knows"),
    ("SetAside.Type", "AWS::CloudWatch::CompositeAlarm", "nothing that the embedded cloud knows"),
    ("/Transform", "AWS::LanguageExtensions", "more capabilities"),
]


@pytest.mark.parametrize(("path", "value", "complaint"), BROKEN, ids=[f"{path}-{text}" for path, _, text in BROKEN])
def test_a_gap_is_found(path: str, value: Any, complaint: str) -> None:
    broken = copy.deepcopy(template(OBSERVED))
    node: Any = broken if path.startswith("/") else broken["Resources"]
    *steps, last = path.lstrip("/").split(".")
    for step in steps:
        node = node[int(step)] if isinstance(node, list) else node[step]
    if value is DELETE:
        del node[last]
    else:
        node[last] = value
    assert any(complaint in found for watch in WATCHES for found in watch(template(), broken))


@pytest.mark.parametrize(
    ("said", "instead", "complaint"),
    [
        ('"AnalysesFinished"', '"AnalysesDone"', "shows what nobody measures"),
        ('"MODEL"', '"MODELS"', "every reason"),
    ],
)
def test_a_dashboard_of_what_is_not_there_is_found(said: str, instead: str, complaint: str) -> None:
    broken = copy.deepcopy(template(OBSERVED))
    dashboard = broken["Resources"]["Dashboard"]["Properties"]
    dashboard["DashboardBody"] = dashboard["DashboardBody"].replace(said, instead)
    assert any(complaint in found for watch in WATCHES for found in watch(template(), broken))


def test_a_lane_that_is_late_is_told_of_before_its_tasks_time_out() -> None:
    thresholds = []
    for lane in (Priority.HIGH, Priority.MEDIUM, Priority.LOW):
        [late] = alarmed(
            template(OBSERVED), "ApproximateAgeOfOldestMessage", QueueName=f"{lane.name.capitalize()}Queue"
        )
        thresholds.append(timedelta(seconds=late["Threshold"] + late["Period"] * late["EvaluationPeriods"]))
    assert thresholds == sorted(thresholds)
    assert thresholds[-1] < tasks.DEADLINE


def test_a_change_of_the_alarms_is_deployed_locally() -> None:
    from infra.local.deployment import INPUTS

    [nested] = of_type(template(), "CloudFormation::Stack").values()
    assert nested["TemplateURL"] in INPUTS


def test_the_operations_page_says_what_to_do_about_each_alarm() -> None:
    page = (ROOT / "docs" / "operations.md").read_text()
    names = {alarm["AlarmName"].removeprefix("${Stack}-") for alarm in alarms(template(OBSERVED))}
    kinds = [kind for kind in ("-errors", "-throttles", "-throttled") if f"`*{kind}`" in page]
    assert [name for name in sorted(names) if f"`{name}`" not in page and not name.endswith(tuple(kinds))] == []
