"""What must hold for template.yaml, as functions from the parsed template to complaints."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from functions.auth.routes import routes as auth
from functions.inference.routes import routes as models
from functions.portal.routes import routes as portal
from functions.records.routes import routes as records
from functions.scans.routes import routes as scans
from scanward.domain.tokens import TokenType
from scanward.errors import TooManyRequests
from scanward.web.families import Family
from scanward.web.routes import ANY, Routes

Template = Mapping[str, Any]
Gate = Callable[[Template], Iterator[str]]

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_SECRET_NAME = re.compile(r"PASSWORD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|_KEYS?$")
_CLINIC = {"RecordsRole", "OwnDataRole"}
_PERSONAL = re.compile(r"\$context\.(?:path\b|requestOverride|querystring|identity|authorizer)|\$input", re.I)


def of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    """Resources of one type by logical id, each as its properties."""
    found = template["Resources"].items()
    return {name: resource.get("Properties", {}) for name, resource in found if resource["Type"] == f"AWS::{kind}"}


def statements(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every policy statement anywhere below `node`."""
    if isinstance(node, dict):
        if node.get("Effect") in {"Allow", "Deny"}:
            yield node
        for child in node.values():
            yield from statements(child)
    elif isinstance(node, list):
        for child in node:
            yield from statements(child)


def listed(value: Any) -> list[Any]:
    """`value` as a list: policies spell one and many differently."""
    return value if isinstance(value, list) else [value]


def allows_narrowly(template: Template) -> Iterator[str]:
    for name, resource in template["Resources"].items():
        for statement in statements(resource):
            if statement["Effect"] != "Allow":
                continue
            if any("*" in action for action in listed(statement.get("Action", "*"))):
                yield f"{name} allows a wildcard action"
            if "*" in listed(statement.get("Resource", ())):
                yield f"{name} allows an action on everything"
            if statement.get("Principal") in ("*", {"AWS": "*"}):
                yield f"{name} allows everybody"
    for name, function in of_type(template, "Serverless::Function").items():
        if "Role" not in function or "Policies" in function:
            yield f"{name} has a role that SAM makes, with policies on everything"
    for name, permission in of_type(template, "Lambda::Permission").items():
        if "SourceArn" not in permission:
            yield f"{name} lets in every caller of a service"


def keeps_buckets_private(template: Template) -> Iterator[str]:
    for name, bucket in of_type(template, "S3::Bucket").items():
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        if not all(blocked.get(block) is True for block in _BLOCKS):
            yield f"{name} may become public"
        if "AccessControl" in bucket or "BucketOwnerEnforced" not in str(bucket.get("OwnershipControls")):
            yield f"{name} may be opened by access lists"
        if bucket.get("VersioningConfiguration", {}).get("Status") != "Enabled":
            yield f"{name} is not versioned"
        if "LifecycleConfiguration" not in bucket:
            yield f"{name} keeps everything forever"


def refuses_plain_http(template: Template) -> Iterator[str]:
    if template["Parameters"]["TlsOnly"]["Default"] != "true":
        yield "TlsOnly is off unless asked for"
    policies = {**of_type(template, "S3::BucketPolicy"), **of_type(template, "SQS::QueuePolicy")}
    refusing = {
        target
        for policy in policies.values()
        for statement in statements(policy["PolicyDocument"])
        if statement["Effect"] == "Deny" and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for target in [policy.get("Bucket"), *policy.get("Queues", ())]
        if target and statement["Principal"] == "*" and statement["Action"] in {"s3:*", "sqs:*"}
    }
    for name in {**of_type(template, "S3::Bucket"), **of_type(template, "SQS::Queue")}:
        if name not in refusing:
            yield f"{name} may be used without TLS"
    for name, distribution in of_type(template, "CloudFront::Distribution").items():
        config = distribution["DistributionConfig"]
        for behaviour in [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", ())]:
            if behaviour.get("ViewerProtocolPolicy") not in {"https-only", "redirect-to-https"}:
                yield f"{name} answers over plain HTTP"


def encrypts(template: Template) -> Iterator[str]:
    for name, table in of_type(template, "DynamoDB::Table").items():
        if table.get("SSESpecification", {}).get("SSEEnabled") is not True:
            yield f"{name} is not encrypted with a key of the account"
    for name, queue in of_type(template, "SQS::Queue").items():
        if queue.get("SqsManagedSseEnabled") is not True and "KmsMasterKeyId" not in queue:
            yield f"{name} is not encrypted"
    for name, bucket in of_type(template, "S3::Bucket").items():
        if "BucketEncryption" not in bucket:
            yield f"{name} is not encrypted"


def keeps_what_matters(template: Template) -> Iterator[str]:
    if template["Parameters"]["DeletionProtection"]["Default"] != "true":
        yield "tables may be deleted unless asked otherwise"
    for name, table in of_type(template, "DynamoDB::Table").items():
        if table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name} cannot be restored to a point in time"
        if "DeletionProtectionEnabled" not in table:
            yield f"{name} may be deleted"
    for kind in ("DynamoDB::Table", "S3::Bucket", "SecretsManager::Secret"):
        for name in of_type(template, kind):
            resource = template["Resources"][name]
            if not str(resource.get("DeletionPolicy")).startswith("Retain") or "UpdateReplacePolicy" not in resource:
                yield f"{name} goes with its stack"


def loses_no_message(template: Template) -> Iterator[str]:
    queues = of_type(template, "SQS::Queue")
    ends = {queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in queues.values() if "RedrivePolicy" in queue}
    for name, function in of_type(template, "Serverless::Function").items():
        default = template["Globals"]["Function"]["Timeout"]
        for event in function.get("Events", {}).values():
            wanted = event["Properties"]
            if event["Type"] in {"SQS", "DynamoDB"} and "ReportBatchItemFailures" not in str(
                wanted.get("FunctionResponseTypes")
            ):
                yield f"{name} fails whole batches for one record"
            if event["Type"] == "DynamoDB":
                ends.add(wanted.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"))
                bounded = wanted.get("BisectBatchOnFunctionError") and wanted.get("MaximumRetryAttempts", -1) >= 0
                if None in ends or not bounded:
                    yield f"{name} loses records, or is stuck on one"
            if event["Type"] == "SQS":
                visible = queues[wanted["Queue"].removesuffix(".Arn")].get("VisibilityTimeout", 30)
                if visible < 6 * function.get("Timeout", default):
                    yield f"{name} may get a message again while it works on it"
    for name, queue in queues.items():
        if "RedrivePolicy" not in queue and f"{name}.Arn" not in ends:
            yield f"{name} has no dead letters"


def logs_with_an_end(template: Template) -> Iterator[str]:
    groups = of_type(template, "Logs::LogGroup")
    for name, group in groups.items():
        if "RetentionInDays" not in group:
            yield f"{name} keeps logs forever"
    for name, function in of_type(template, "Serverless::Function").items():
        if function.get("LoggingConfig", {}).get("LogGroup") not in groups:
            yield f"{name} logs to a group that keeps them forever"


def logs_no_person_and_no_token(template: Template) -> Iterator[str]:
    for kind, logs, routes in (
        ("Serverless::Api", "AccessLogSetting", "MethodSettings"),
        ("Serverless::WebSocketApi", "AccessLogSettings", "DefaultRouteSettings"),
    ):
        for name, api in of_type(template, kind).items():
            if _PERSONAL.search(api.get(logs, {}).get("Format", "$input")):
                yield f"{name} logs what may name a person or hold a token"
            for settings in listed(api.get(routes, {})):
                if settings.get("DataTraceEnabled") is not False or settings.get("LoggingLevel") != "OFF":
                    yield f"{name} logs headers and bodies"
    for name, distribution in of_type(template, "CloudFront::Distribution").items():
        if "Logging" in distribution["DistributionConfig"]:
            yield f"{name} logs query strings"


def keeps_secrets_out_of_the_environment(template: Template) -> Iterator[str]:
    secrets = {f"{name}.Id" for name in of_type(template, "SecretsManager::Secret")}
    silent = {name for name, parameter in template["Parameters"].items() if parameter.get("NoEcho")}
    for name, function in of_type(template, "Serverless::Function").items():
        for key, value in function.get("Environment", {}).get("Variables", {}).items():
            told = _SECRET_NAME.search(key) and str(value) not in secrets
            if told or str(value) in silent or "{{resolve:" in str(value):
                yield f"{name} has a secret in its environment: {key}"


def keeps_what_scans_are_made_of(template: Template) -> Iterator[str]:
    for name, bucket in of_type(template, "S3::Bucket").items():
        for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", ()):
            prefix = rule.get("Prefix", "")
            reached = "uploads/".startswith(prefix) or prefix.startswith("uploads/")
            if reached and {"NoncurrentVersionExpiration", "ExpirationInDays"} & rule.keys():
                yield f"{name} removes originals: {rule['Id']}"


def writes_of_the_clinic_what_is_its_own(template: Template) -> Iterator[str]:
    for name, role in of_type(template, "IAM::Role").items():
        for statement in () if name in _CLINIC else statements(role):
            writes = {"dynamodb:BatchWriteItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
            if "ClinicTable.Arn" in listed(statement.get("Resource")) and writes & set(listed(statement["Action"])):
                keys = statement.get("Condition", {}).get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
                if keys != (["SEALS#*", "CHAINS#*"] if name == "SealRole" else ["ACCESS#*"]):
                    yield f"{name} may write anything into the clinic's table"


_RATES = {
    "/*": ("ThrottlingRate", "ThrottlingBurst"),
    "public": ("PublicRate", "PublicBurst"),
}


def public_methods() -> set[tuple[str, str]]:
    """Return method and path, as settings spell it, of what needs no access token, unknown paths apart."""
    tables: tuple[Routes[Any], ...] = (auth, portal, records, scans, models)
    return {
        (route.method, "/" + route.path.replace("/", "~1"))
        for routes in tables
        for route in routes.table
        if route.audience.token is not TokenType.ACCESS and route.method != ANY
    }


def keeps_rates_of_public_methods_apart(template: Template) -> Iterator[str]:
    public = public_methods()
    for name, api in of_type(template, "Serverless::Api").items():
        rates = {
            (settings["HttpMethod"], settings["ResourcePath"]): (
                settings.get("ThrottlingRateLimit"),
                settings.get("ThrottlingBurstLimit"),
            )
            for settings in api["MethodSettings"]
        }
        if rates.pop(("*", "/*"), None) != _RATES["/*"]:
            yield f"{name} has no rate for what needs a session"
        for method, path in sorted(public ^ rates.keys()):
            reason = "has the rate of what needs a session" if (method, path) in public else "is not public"
            yield f"{name}: {method} {path} {reason}"
        for (method, path), rate in rates.items():
            if rate != _RATES["public"]:
                yield f"{name}: {method} {path} has a rate that no parameter sets"
    for name, api in of_type(template, "Serverless::WebSocketApi").items():
        settings = api["DefaultRouteSettings"]
        if (settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")) != _RATES["public"]:
            yield f"{name} has not the rate of what is public"
    numbers = {name: template["Parameters"][name]["Default"] for rate in _RATES.values() for name in rate}
    if numbers["PublicRate"] < 2 * numbers["ThrottlingRate"]:
        yield "one sender's flood may take the whole rate of a public method"


def puts_a_firewall_before_the_api_when_asked(template: Template) -> Iterator[str]:
    if template["Parameters"]["Firewall"]["Default"] != "off":
        yield "the firewall costs money unasked"
    acls = of_type(template, "WAFv2::WebACL")
    guarded = {
        (str(link["ResourceArn"]).partition("/restapis/")[2], link["WebACLArn"])
        for link in of_type(template, "WAFv2::WebACLAssociation").values()
    }
    for api in of_type(template, "Serverless::Api"):
        if not any((f"${{{api}}}/stages/${{{api}.Stage}}", f"{acl}.Arn") in guarded for acl in acls):
            yield f"{api} has no firewall"
    for name in (*acls, *of_type(template, "WAFv2::WebACLAssociation")):
        if template["Resources"][name].get("Condition") != "HasFirewall":
            yield f"{name} is there unasked"
    for name, acl in acls.items():
        yield from _faults_of_acl(name, acl)


def _faults_of_acl(name: str, acl: Mapping[str, Any]) -> Iterator[str]:
    [rule] = acl["Rules"]
    rate = rule["Statement"].get("RateBasedStatement", {})
    if (rate.get("AggregateKeyType"), rate.get("Limit")) != ("IP", "FirewallCallsPerMinute"):
        yield f"{name} does not count addresses"
    if rate.get("EvaluationWindowSec") != 60:
        yield f"{name} counts another time than a minute"
    marked = str(rate.get("ScopeDownStatement"))
    if not marked.startswith("['HasDomain', {'NotStatement'") or "x-distribution-mark" not in marked:
        yield f"{name} counts all whom CloudFront brings as one"
    response = rule.get("Action", {}).get("Block", {}).get("CustomResponse", {})
    body = acl["CustomResponseBodies"].get(response.get("CustomResponseBodyKey"), {}).get("Content", "null")
    status, expected = Family.ENVELOPE.error_body(TooManyRequests(60))
    if (response.get("ResponseCode"), json.loads(body)) != (status, json.loads(expected)):
        yield f"{name} refuses in another shape than the API"
    if {"Name": "Retry-After", "Value": "60"} not in response.get("ResponseHeaders", ()):
        yield f"{name} does not say when to come again"
    for settings in (acl["VisibilityConfig"], rule["VisibilityConfig"]):
        if settings["SampledRequestsEnabled"] is not False:
            yield f"{name} keeps samples of headers"


def knows_senders_behind_the_distribution(template: Template) -> Iterator[str]:
    for name, function in of_type(template, "Serverless::Function").items():
        variables = function.get("Environment", {}).get("Variables", {})
        if "PUBLIC_CALLS_PER_MINUTE" in variables and "HasDomain" not in variables.get("DISTRIBUTION_MARK", ()):
            yield f"{name} counts all whom CloudFront brings as one"
    for name, distribution in of_type(template, "CloudFront::Distribution").items():
        for origin in distribution["DistributionConfig"]["Origins"]:
            if "x-distribution-mark" not in {header["HeaderName"] for header in origin.get("OriginCustomHeaders", ())}:
                yield f"{name} does not say to {origin['Id']} that it calls"


def tells_each_gate_what_administrators_need(template: Template) -> Iterator[str]:
    for name, function in of_type(template, "Serverless::Function").items():
        variables = function.get("Environment", {}).get("Variables", {})
        if "REQUESTS_PER_MINUTE" in variables and "ADMINISTRATORS_NEED_SECOND_FACTOR" not in variables:
            yield f"{name} lets administrators in without one-time passwords"


_NEVER_STARVING = ("Sweep", "KeepAlive", "Push", "SessionEnd", "Inference")


def reserves_what_must_not_starve_when_asked(template: Template) -> Iterator[str]:
    if template["Parameters"]["ReserveConcurrency"]["Default"] != "off":
        yield "a new AWS account, which runs ten functions at once, cannot take the stack"
    functions = of_type(template, "Serverless::Function")
    for name in _NEVER_STARVING:
        reserved = ["ReservesConcurrency", ["Reserved", "Capacity", name], "AWS::NoValue"]
        if functions[f"{name}Function"].get("ReservedConcurrentExecutions") != reserved:
            yield f"{name}Function may starve"
    for capacity, lanes in template["Mappings"]["Concurrency"].items():
        counts = template["Mappings"]["Reserved"][capacity]
        if counts["Inference"] != sum(lanes.values()):
            yield f"{capacity}: lanes take executions from each other"
        if min(counts.values()) < 1:
            yield f"{capacity}: a reserve of none stops its function"


def logs_the_bucket_where_asked(template: Template) -> Iterator[str]:
    if template["Parameters"]["BucketLogging"]["Default"] != "false":
        yield "the bucket is logged unless asked otherwise, which costs"
    [condition, logging, otherwise] = template["Resources"]["Bucket"]["Properties"].get(
        "LoggingConfiguration", [""] * 3
    )
    if (condition, otherwise) != ("LogsBucket", "AWS::NoValue") or logging["DestinationBucketName"] != "LogBucket":
        yield "nobody can have requests for objects logged"
    for name in ("LogBucket", "LogBucketPolicy"):
        if template["Resources"][name].get("Condition") != "LogsBucket":
            yield f"{name} is made for nothing"
    for statement in statements(template["Resources"]["LogBucketPolicy"]):
        conditions = statement.get("Condition", {})
        comes_from_us = "StringEquals" in conditions and "ArnEquals" in conditions
        if statement["Effect"] == "Allow" and not comes_from_us:
            yield "LogBucket takes logs of buckets of others"


GATES: tuple[Gate, ...] = (
    allows_narrowly,
    keeps_buckets_private,
    refuses_plain_http,
    encrypts,
    keeps_what_matters,
    loses_no_message,
    logs_with_an_end,
    logs_no_person_and_no_token,
    keeps_secrets_out_of_the_environment,
    keeps_what_scans_are_made_of,
    writes_of_the_clinic_what_is_its_own,
    keeps_rates_of_public_methods_apart,
    puts_a_firewall_before_the_api_when_asked,
    knows_senders_behind_the_distribution,
    tells_each_gate_what_administrators_need,
    reserves_what_must_not_starve_when_asked,
    logs_the_bucket_where_asked,
)
