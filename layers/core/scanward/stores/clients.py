"""Clients of the SDK, each made once per process and only when first used: making one costs milliseconds."""

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.session import Session, get_session

from scanward.stores.sdk import CONNECT_SECONDS, READ_SECONDS, register_limits

if TYPE_CHECKING:
    from types_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from types_boto3_s3 import S3Client
    from types_boto3_secretsmanager import SecretsManagerClient
    from types_boto3_sqs import SQSClient


# botocore would put its own together anew for every call, which costs a fifth of the call's CPU.
USER_AGENT = "scanward"
PATIENT_SECONDS = 15


@cache
def _session() -> Session:
    session = get_session()
    register_limits(session.get_component("event_emitter"))
    return session


def _client(service: str, read_seconds: float | None = None, **options: Any) -> Any:
    config = Config(
        user_agent=USER_AGENT,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds or READ_SECONDS,
        retries={"total_max_attempts": 1, "mode": "standard"},  # `sdk` tries again
        signature_version="s3v4" if service == "s3" else None,
        # The region's own host: a presigned form for the global one is redirected, which browsers do not follow.
        # A local cloud has one host for all buckets.
        s3={"addressing_style": "path" if os.environ.get("AWS_ENDPOINT_URL") else "virtual"},
    )
    return _session().create_client(service, config=config, **options)


@cache
def s3() -> "S3Client":
    """Return the client of S3, signing version 4 (presigned forms need it)."""
    client: S3Client = _client("s3")
    return client


@cache
def patient_s3() -> "S3Client":
    """Return a client of S3 that waits longer: for what takes S3 itself some seconds, and that no request waits for."""
    client: S3Client = _client("s3", read_seconds=PATIENT_SECONDS)
    return client


@cache
def sqs() -> "SQSClient":
    """Return the client of SQS."""
    client: SQSClient = _client("sqs")
    return client


@cache
def ses() -> Any:
    """Return the client of SES, version 2 of its API."""
    return _client("sesv2")


@cache
def secrets_manager() -> "SecretsManagerClient":
    """Return the client of Secrets Manager."""
    client: SecretsManagerClient = _client("secretsmanager")
    return client


@cache
def websocket_management(endpoint: str) -> "ApiGatewayManagementApiClient":
    """Return the management side of a WebSocket API."""
    client: ApiGatewayManagementApiClient = _client("apigatewaymanagementapi", endpoint_url=endpoint)
    return client
