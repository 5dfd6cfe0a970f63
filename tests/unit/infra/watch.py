"""What must hold for infra/observability.yaml beside template.yaml, as functions from both to complaints."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from scanward.domain.tasks import FailureReason
from scanward.metrics import NAMESPACE, Metric
from tests.unit.infra.gate import of_type

Template = Mapping[str, Any]
Watch = Callable[[Template, Template], Iterator[str]]
OWN = [{"Name": "service", "Value": "Stack"}]


def alarms(observed: Template) -> list[dict[str, Any]]:
    """Return every alarm's properties."""
    return list(of_type(observed, "CloudWatch::Alarm").values())


def alarmed(observed: Template, metric: str, **dimensions: str) -> list[dict[str, Any]]:
    """Return the alarms on a metric of just these dimensions."""
    wanted = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    return [alarm for alarm in alarms(observed) if (alarm["MetricName"], alarm["Dimensions"]) == (metric, wanted)]


def named(function: Mapping[str, Any]) -> str:
    """Return a function's name, as the watching stack spells it."""
    name: str = function["FunctionName"]
    return name.replace("${AWS::StackName}", "${Stack}")


def watches_functions(template: Template, observed: Template) -> Iterator[str]:
    for name, function in of_type(template, "Serverless::Function").items():
        for metric in ("Errors", "Throttles"):
            if not alarmed(observed, metric, FunctionName=named(function)):
                yield f"{name}: nobody is told of {metric}"
        events = {event["Type"] for event in function.get("Events", {}).values()}
        if "DynamoDB" in events and not alarmed(observed, "IteratorAge", FunctionName=named(function)):
            yield f"{name}: nobody is told when it falls behind its stream"
        silent = [alarm["TreatMissingData"] for alarm in alarmed(observed, "Invocations", FunctionName=named(function))]
        if "Schedule" in events and silent != ["breaching"]:
            yield f"{name}: nobody is told when it stops running"


def watches_queues(template: Template, observed: Template) -> Iterator[str]:
    functions = of_type(template, "Serverless::Function").values()
    events = [event for function in functions for event in function.get("Events", {}).values()]
    read = {event["Properties"]["Queue"].removesuffix(".Arn") for event in events if event["Type"] == "SQS"}
    for name in of_type(template, "SQS::Queue"):
        # What is read may wait too long; what nobody reads must stay empty.
        metric = "ApproximateAgeOfOldestMessage" if name in read else "ApproximateNumberOfMessagesVisible"
        if not alarmed(observed, metric, QueueName=name):
            yield f"{name}: nobody is told of {metric}"


def watches_tables(template: Template, observed: Template) -> Iterator[str]:
    for name, table in of_type(template, "DynamoDB::Table").items():
        for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
            if not alarmed(observed, metric, TableName=name):
                yield f"{name}: nobody is told of {metric}"
        for index in table.get("GlobalSecondaryIndexes", ()):
            place = {"TableName": name, "GlobalSecondaryIndexName": index["IndexName"]}
            if not alarmed(observed, "WriteThrottleEvents", **place):
                yield f"{name}: nobody is told when its index {index['IndexName']} turns down writes"


def is_handed_what_it_watches(template: Template, observed: Template) -> Iterator[str]:
    given = of_type(template, "CloudFormation::Stack")["Observability"]["Parameters"]
    for name in sorted(observed["Parameters"].keys() ^ given.keys()):
        yield f"{name} is asked for or handed in, not both"
    for name, value in given.items():
        if name != "Stack" and value.removesuffix(".QueueName") != name:
            yield f"{name} is another resource: {value}"


def tells_somebody(_: Template, observed: Template) -> Iterator[str]:
    for alarm in alarms(observed):
        name = alarm["AlarmName"]
        if not name.startswith("${Stack}-") or not alarm.get("AlarmDescription"):
            yield f"{name} does not say what is wrong where"
        if not alarm.get("AlarmActions") or not alarm.get("OKActions") or "TreatMissingData" not in alarm:
            yield f"{name} may change and nobody hears of it"
    for name, topic in of_type(observed, "SNS::Topic").items():
        if topic.get("KmsMasterKeyId") not in of_type(observed, "KMS::Key"):
            yield f"{name} is not encrypted with a key that CloudWatch may use"


def knows_what_is_measured(_: Template, observed: Template) -> Iterator[str]:
    for alarm in alarms(observed):
        if alarm["Namespace"] == NAMESPACE and (alarm["MetricName"] not in list(Metric) or alarm["Dimensions"] != OWN):
            yield f"{alarm['AlarmName']} is about what nobody measures"
    [dashboard] = of_type(observed, "CloudWatch::Dashboard").values()
    shown = [line for widget in json.loads(dashboard["DashboardBody"])["widgets"] for line in _lines(widget)]
    ours = [line for line in shown if line[0] == NAMESPACE]
    for line in ours:
        if line[1] not in list(Metric) or line[2:4] != ["service", "${Stack}"]:
            yield f"the dashboard shows what nobody measures: {line}"
    if [line[5] for line in ours if line[4:5] == ["reason"]] != list(FailureReason):
        yield "the dashboard does not show every reason of a failure"


def watches_what_is_ours_to_mend(_: Template, observed: Template) -> Iterator[str]:
    for metric in (Metric.FAULTS, Metric.DEAD_LETTERS, Metric.OBJECTS_QUARANTINED, Metric.MODELS_REFUSED):
        if not alarmed(observed, metric, service="Stack"):
            yield f"nobody is told of {metric}"


def stays_deployable_anywhere(_: Template, observed: Template) -> Iterator[str]:
    if "Transform" in observed:
        yield "a transform asks for more capabilities"
    for name, resource in observed["Resources"].items():
        if "Metrics" in resource.get("Properties", {}) or resource["Type"] == "AWS::CloudWatch::CompositeAlarm":
            yield f"{name} is nothing that the embedded cloud knows"


def _lines(widget: Mapping[str, Any]) -> list[list[Any]]:
    lines: list[list[Any]] = widget["properties"]["metrics"]
    return lines


WATCHES: tuple[Watch, ...] = (
    watches_functions,
    watches_queues,
    watches_tables,
    is_handed_what_it_watches,
    tells_somebody,
    knows_what_is_measured,
    watches_what_is_ours_to_mend,
    stays_deployable_anywhere,
)
