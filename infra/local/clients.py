"""Clients of the local AWS, made with localstack-client; sample events and logs of its functions.

MiniStack and LocalStack are reached alike.
"""

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from localstack_client.session import Session

from infra.errors import UserError
from infra.local.paths import REGION, STACK_NAME

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_logs import CloudWatchLogsClient
    from types_boto3_s3 import S3Client


# Both take this pair for the account's owner.
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


def environment(endpoint: str) -> dict[str, str]:
    """Return what a program (SAM, PynamoDB) needs in its environment to speak to the local AWS and to nothing else."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**own, **KEYS, "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION}


def _client(endpoint: str, service: str) -> Any:
    before = os.environ.get("AWS_ENDPOINT_URL")
    os.environ["AWS_ENDPOINT_URL"] = endpoint  # the one way to tell localstack-client the port
    try:
        return Session("test", "test", aws_session_token=None, region_name=REGION).client(service)
    finally:
        if before is None:
            del os.environ["AWS_ENDPOINT_URL"]
        else:
            os.environ["AWS_ENDPOINT_URL"] = before


def cloudformation(endpoint: str) -> "CloudFormationClient":
    """Return a client of CloudFormation."""
    client: CloudFormationClient = _client(endpoint, "cloudformation")
    return client


def functions(endpoint: str) -> "LambdaClient":
    """Return a client of Lambda."""
    client: LambdaClient = _client(endpoint, "lambda")
    return client


def logs(endpoint: str) -> "CloudWatchLogsClient":
    """Return a client of CloudWatch Logs."""
    client: CloudWatchLogsClient = _client(endpoint, "logs")
    return client


def storage(endpoint: str) -> "S3Client":
    """Return a client of S3."""
    client: S3Client = _client(endpoint, "s3")
    return client


MODEL_FILES = ("card.json", "model.onnx", "words.json", "knowledge.json")
_READERS = ("inference", "predict")


def serve_model(files: "S3Client", readers: "LambdaClient", folder: Path) -> str:
    """Put a model into the bucket, and name it to the functions that run models; return what it is called.

    The functions' variable is set as the parameter `Models` would set it: a deployment takes longer than a trial.
    """
    try:
        content = {name: (folder / name).read_bytes() for name in MODEL_FILES if (folder / name).is_file()}
        name = str(json.loads(content["card.json"])["name"])
    except (OSError, KeyError, ValueError) as error:
        raise UserError(f"{folder} holds no model.", "make model-check DIR=… says what is wrong.") from error
    pin = hashlib.sha256(content["card.json"]).hexdigest()
    prefix = f"{name}/try-{pin[:12]}"
    bucket, root = _models_place(readers)
    for file, body in content.items():
        files.put_object(Bucket=bucket, Key=f"{root}/{prefix}/{file}", Body=body)
    _configure_model(readers, name, {"prefix": prefix, "sha256": pin})
    return name


def withdraw_model(files: "S3Client", readers: "LambdaClient", name: str) -> bool:
    """Take a model on trial from the functions and out of the bucket; tell whether it was there."""
    bucket, root = _models_place(readers)
    was_served = _configure_model(readers, name, None)
    pages = files.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{root}/{name}/try-")
    for key in [entry["Key"] for page in pages for entry in page.get("Contents", [])]:
        files.delete_object(Bucket=bucket, Key=key)
    return was_served


def _models_place(readers: "LambdaClient") -> tuple[str, str]:
    """Return the bucket of models and their prefix there, as the functions know them."""
    variables = _variables(readers, _READERS[0])
    return variables.get("MODELS_BUCKET") or variables["BUCKET"], (variables.get("MODELS_PREFIX") or "models").rstrip(
        "/"
    )


def _variables(readers: "LambdaClient", function: str) -> dict[str, str]:
    try:
        configuration = readers.get_function_configuration(FunctionName=f"{STACK_NAME}-{function}")
    except ClientError as failure:
        raise UserError("No stack is deployed here.", "Bring it up: make run") from failure
    return dict(configuration["Environment"]["Variables"])


def _configure_model(readers: "LambdaClient", name: str, entry: dict[str, str] | None) -> bool:
    """Set a model's entry in each function's variable, or take it out; tell whether there was one."""
    was_there = False
    for function in _READERS:
        variables = _variables(readers, function)
        models = json.loads(variables.get("MODELS") or "{}")
        was_there |= models.pop(name, None) is not None
        if entry:
            models[name] = entry
        function_name = f"{STACK_NAME}-{function}"
        readers.update_function_configuration(
            FunctionName=function_name, Environment={"Variables": {**variables, "MODELS": json.dumps(models)}}
        )
        readers.get_waiter("function_updated").wait(FunctionName=function_name)
    return was_there


def invoke(endpoint: str, function: str, event: Path) -> tuple[str, str]:
    """Return what the function answered (JSON, indented) and logged. `function` is a short name, such as scans."""
    try:
        payload = event.read_bytes()
        json.loads(payload)
    except OSError as missing:
        hint = "make invoke FN=portal EVENT=events/portal-health.json; events/ holds a sample for each function."
        raise UserError(f"There is no event in {str(event)!r}.", hint) from missing
    except ValueError as error:
        raise UserError(f"{event} is not JSON.") from error
    try:
        response = functions(endpoint).invoke(FunctionName=f"{STACK_NAME}-{function}", Payload=payload, LogType="Tail")
    except ClientError as failure:
        raise UserError(f"{function!r} could not be invoked: {failure}", _function_name(endpoint)) from failure
    answer = json.loads(response["Payload"].read() or b"null")
    return json.dumps(answer, indent=2, ensure_ascii=False), base64.b64decode(response.get("LogResult", "")).decode()


def read_logs(endpoint: str, function: str, follow: bool) -> Iterator[str]:
    """Yield the function's log lines, oldest first; with `follow`, new ones as they come, without end."""
    # MiniStack gives events no id: what tells them apart is the whole of them.
    client, since, seen_ids = logs(endpoint), 0, set[tuple[object, ...]]()
    while True:
        try:
            pages = client.get_paginator("filter_log_events").paginate(
                logGroupName=f"/aws/lambda/{STACK_NAME}-{function}", startTime=since
            )
            events = [event for page in pages for event in page["events"]]
        except ClientError as failure:
            raise UserError(f"{function!r} has no log.", _function_name(endpoint)) from failure
        for event in sorted(events, key=lambda event: event["timestamp"]):
            told_apart = (event["timestamp"], event["logStreamName"], event["message"])
            if told_apart not in seen_ids:
                seen_ids.add(told_apart)
                since = event["timestamp"]
                yield event["message"].rstrip("\n")
        if not follow:
            return
        time.sleep(1)


def _function_name(endpoint: str) -> str:
    pages = functions(endpoint).get_paginator("list_functions").paginate()
    prefix = f"{STACK_NAME}-"
    names = [f["FunctionName"].removeprefix(prefix) for page in pages for f in page["Functions"]]
    return f"Functions: {', '.join(sorted(names))}" if names else "No stack is deployed: make run"
