"""template.yaml passes every gate, and every gate can fail."""

import copy
import re
from typing import Any

import pytest

from tests.support.cloud import ROOT, template
from tests.unit.infra.gate import GATES, Gate, of_type, statements

DELETE = object()


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.__name__)
def test_the_template_passes(gate: Gate) -> None:
    assert list(gate(template())) == []


# Where the template is broken (a path below Resources, or from the root after a slash), how, and the complaint.
BROKEN: list[tuple[str, Any, str]] = [
    ("AuthRole.Properties.Policies.0.PolicyDocument.Statement.1.Action", ["dynamodb:*"], "wildcard action"),
    ("AuthRole.Properties.Policies.0.PolicyDocument.Statement.1.Resource", "*", "on everything"),
    ("ArrivalQueuePolicy.Properties.PolicyDocument.Statement.0.Principal", "*", "everybody"),
    ("AuthFunction.Properties.Role", DELETE, "role that SAM makes"),
    ("AuthFromApi.Properties.SourceArn", DELETE, "every caller"),
    ("Bucket.Properties.PublicAccessBlockConfiguration.BlockPublicPolicy", False, "may become public"),
    ("Bucket.Properties.AccessControl", "PublicRead", "access lists"),
    ("Bucket.Properties.VersioningConfiguration.Status", "Suspended", "not versioned"),
    ("Bucket.Properties.LifecycleConfiguration", DELETE, "keeps everything"),
    ("BucketPolicy.Properties.PolicyDocument.Statement.0.Effect", "Allow", "Bucket may be used without TLS"),
    ("QueuePolicy.Properties.PolicyDocument.Statement.0", DELETE, "HighQueue may be used without TLS"),
    ("ArrivalQueuePolicy.Properties.PolicyDocument.Statement.1", DELETE, "HighArrivalQueue may be used without TLS"),
    ("/Parameters.TlsOnly.Default", "false", "TlsOnly is off"),
    ("Distribution.Properties.DistributionConfig.DefaultCacheBehavior.ViewerProtocolPolicy", "allow-all", "plain HTTP"),
    ("ScansTable.Properties.SSESpecification", DELETE, "ScansTable is not encrypted"),
    ("LowQueue.Properties.SqsManagedSseEnabled", False, "LowQueue is not encrypted"),
    ("Bucket.Properties.BucketEncryption", DELETE, "Bucket is not encrypted"),
    ("AccountsTable.Properties.PointInTimeRecoverySpecification", DELETE, "point in time"),
    ("/Parameters.DeletionProtection.Default", "false", "may be deleted unless"),
    ("AccountsTable.Properties.DeletionProtectionEnabled", DELETE, "AccountsTable may be deleted"),
    ("TokenKeys.DeletionPolicy", "Delete", "goes with its stack"),
    ("HighQueue.Properties.RedrivePolicy", DELETE, "HighQueue has no dead letters"),
    ("HighQueue.Properties.VisibilityTimeout", 60, "again while it works"),
    ("InferenceFunction.Properties.Events.High.Properties.FunctionResponseTypes", DELETE, "whole batches"),
    ("PushFunction.Properties.Events.Changes.Properties.DestinationConfig", DELETE, "loses records"),
    ("PushFunction.Properties.Events.Changes.Properties.MaximumRetryAttempts", -1, "stuck on one"),
    ("AuthLogs.Properties.RetentionInDays", DELETE, "keeps logs forever"),
    ("AuthFunction.Properties.LoggingConfig", DELETE, "group that keeps them"),
    ("Api.Properties.AccessLogSetting.Format", "$context.path", "name a person"),
    ("WebSocketApi.Properties.AccessLogSettings.Format", "$context.identity.sourceIp", "name a person"),
    ("Api.Properties.MethodSettings.0.DataTraceEnabled", True, "headers and bodies"),
    ("Distribution.Properties.DistributionConfig.Logging", {"Bucket": "logs"}, "query strings"),
    ("AuthFunction.Properties.Environment.Variables.TOKEN_SECRET", "s3cr3t", "secret in its environment"),
    (
        "Bucket.Properties.LifecycleConfiguration.Rules.1.NoncurrentVersionExpiration",
        {"NoncurrentDays": 30},
        "originals",
    ),
    ("Bucket.Properties.LifecycleConfiguration.Rules.2.ExpirationInDays", 3650, "removes originals"),
    ("PushRole.Properties.Policies.0.PolicyDocument.Statement.5.Condition", DELETE, "write anything"),
    ("Api.Properties.MethodSettings.0.ThrottlingRateLimit", DELETE, "no rate for what needs a session"),
    ("Api.Properties.MethodSettings.1", DELETE, "has the rate of what needs a session"),
    ("Api.Properties.MethodSettings.1.ResourcePath", "/~1scans", "GET /~1scans is not public"),
    ("Api.Properties.MethodSettings.1.ThrottlingRateLimit", "ThrottlingRate", "a rate that no parameter sets"),
    ("WebSocketApi.Properties.DefaultRouteSettings.ThrottlingRateLimit", "ThrottlingRate", "rate of what is public"),
    ("/Parameters.PublicRate.Default", 200, "whole rate of a public method"),
    ("/Parameters.Firewall.Default", "on", "costs money unasked"),
    ("WebAcl.Condition", DELETE, "WebAcl is there unasked"),
    ("WebAclOfApi.Properties.ResourceArn", "/restapis/other/stages/live", "Api has no firewall"),
    ("WebAcl.Properties.Rules.0.Statement.RateBasedStatement.AggregateKeyType", "CONSTANT", "count addresses"),
    ("WebAcl.Properties.Rules.0.Statement.RateBasedStatement.EvaluationWindowSec", 300, "than a minute"),
    ("WebAcl.Properties.Rules.0.Statement.RateBasedStatement.ScopeDownStatement", DELETE, "CloudFront brings as one"),
    ("WebAcl.Properties.Rules.0.Action.Block.CustomResponse.ResponseCode", 403, "another shape"),
    ("WebAcl.Properties.Rules.0.Action.Block.CustomResponse.ResponseHeaders.0", DELETE, "when to come again"),
    ("WebAcl.Properties.Rules.0.VisibilityConfig.SampledRequestsEnabled", True, "samples of headers"),
    ("PortalFunction.Properties.Environment.Variables.DISTRIBUTION_MARK", DELETE, "CloudFront brings as one"),
    (
        "RecordsFunction.Properties.Environment.Variables.ADMINISTRATORS_NEED_SECOND_FACTOR",
        DELETE,
        "administrators in without one-time passwords",
    ),
    ("Distribution.Properties.DistributionConfig.Origins.1.OriginCustomHeaders", DELETE, "to websocket that it calls"),
    ("/Parameters.ReserveConcurrency.Default", "on", "cannot take the stack"),
    ("SweepFunction.Properties.ReservedConcurrentExecutions", DELETE, "SweepFunction may starve"),
    ("/Mappings.Reserved.standard.Inference", 10, "standard: lanes take executions"),
    ("/Mappings.Reserved.small.Push", 0, "small: a reserve of none"),
    ("/Parameters.BucketLogging.Default", "true", "logged unless asked otherwise"),
    ("Bucket.Properties.LoggingConfiguration", DELETE, "nobody can have requests"),
    ("LogBucketPolicy.Condition", DELETE, "LogBucketPolicy is made for nothing"),
    ("LogBucketPolicy.Properties.PolicyDocument.Statement.0.Condition", DELETE, "logs of buckets of others"),
    ("LogBucketPolicy.Properties.PolicyDocument.Statement.1", DELETE, "LogBucket may be used without TLS"),
    ("AuthFunction.Properties.Environment.Variables.SALT", "{{resolve:secretsmanager:x}}", "secret in its environment"),
]


@pytest.mark.parametrize(("path", "value", "complaint"), BROKEN, ids=[f"{path}-{text}" for path, _, text in BROKEN])
def test_a_broken_template_is_caught(path: str, value: Any, complaint: str) -> None:
    broken = copy.deepcopy(template())
    _put(broken if path.startswith("/") else broken["Resources"], path.lstrip("/").split("."), value)
    assert any(complaint in found for gate in GATES for found in gate(broken))


def _put(node: Any, path: list[str], value: Any) -> None:
    for name in path[:-1]:
        node = node[int(name)] if isinstance(node, list) else node[name]
    last: Any = int(path[-1]) if isinstance(node, list) else path[-1]
    if value is DELETE:
        del node[last]
    else:
        node[last] = value


def test_every_handler_is_there() -> None:
    for function in of_type(template(), "Serverless::Function").values():
        module, _, name = function["Handler"].rpartition(".")
        source = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text()
        assert re.search(rf"^(?:def {name}\b|{name} =|{name}:)", source, re.MULTILINE)


def test_what_comes_for_each_lane_has_its_queue_and_its_prefix() -> None:
    bucket = of_type(template(), "S3::Bucket")["Bucket"]
    lanes = {
        entry["Filter"]["S3Key"]["Rules"][0]["Value"]: entry["Queue"]
        for entry in bucket["NotificationConfiguration"]["QueueConfigurations"]
    }
    wanted = {f"uploads/{lane}/": f"{lane.capitalize()}ArrivalQueue.Arn" for lane in ("high", "medium", "low")}
    assert lanes == wanted


def test_nothing_but_our_functions_puts_anything_into_a_lane() -> None:
    policies = of_type(template(), "SQS::QueuePolicy").values()
    lanes = {"HighQueue", "MediumQueue", "LowQueue"}
    over_lanes = [policy for policy in policies if lanes & set(policy["Queues"])]
    assert {entry["Effect"] for policy in over_lanes for entry in statements(policy["PolicyDocument"])} == {"Deny"}
