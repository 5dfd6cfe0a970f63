"""Contract B's task updates: a handshake and messages as its document shows them, over what a worker really does."""

from typing import Any

import boto3
import pytest
from botocore.config import Config

from functions.realtime.usecases.push import push_task
from scanward.stores import keys
from scanward.stores.tasks import task_of_image
from tests.contracts.comparison import compare
from tests.contracts.replay import Replay
from tests.support.client import ApiClient
from tests.support.scans import analyse
from tests.support.sockets import Sockets
from tests.support.world import World

WATCHED = ("friendly analysis", "expert analysis")


@pytest.fixture
def sockets(world: World) -> Sockets:
    """Sockets over the same tables, whose changes a stream tells."""
    boto3.client("dynamodb").update_table(
        TableName="ScansTable", StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    )
    return world.sockets


def changes() -> list[dict[str, Any]]:
    """Return what the stream tells of tasks, in its order."""
    # moto does not know the hosts that accounts have of their own.
    streams = boto3.client("dynamodbstreams", config=Config(account_id_endpoint_mode="disabled"))
    [stream] = streams.list_streams(TableName="ScansTable")["Streams"]
    arn = stream["StreamArn"]
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    records = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
    return [
        dict(record["dynamodb"]["NewImage"]) for record in records if record["dynamodb"]["Keys"]["sk"]["S"] == keys.TASK
    ]


def test_contract_b_pushes_task_updates_as_its_document_shows(sockets: Sockets, patient: ApiClient) -> None:
    replay = Replay("b")
    replay.tokens["access"] = patient.token or ""
    watched = [replay.play(name).data for name in WATCHED]
    replay.named |= {"task_id": watched[0]["task_id"], "other_task_id": watched[1]["task_id"]}
    updates = replay.exchange("task updates")
    query = updates["request"]["query"]
    assert sockets.connect(query["token"], *query["task_ids"].split(",")) == 200
    for made in watched:
        analyse(made)
    for change in changes():
        push_task(sockets.push, task_of_image(change))
    pushed = sockets.outbox.sent["c1"]
    for made in watched:
        [shown] = [said for said in pushed if (said["task_id"], said["progress"]) == (made["task_id"], 45)]
        compare({**updates["message"], "task_id": made["task_id"]}, shown, "pushed")
