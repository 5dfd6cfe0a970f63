"""What is measured on: a scan that a model has read, and its owner; sample images, and films of full size."""

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import numpy as np
from PIL import Image

from bench.environment import ROOT, Answer, request
from scanward.clock import now
from scanward.domain.object_keys import upload_key
from scanward.domain.orders import Priority, ScanType
from scanward.domain.results import REFERENCE, AnalysisResult, Finding, ModelVersion
from scanward.domain.scans import Scan
from scanward.domain.tasks import TaskStatus
from scanward.domain.tokens import Claims, SigningKey, TokenKeys, TokenType
from scanward.security.tokens import Tokens
from scanward.stores import keys
from scanward.stores.dynamo import to_ms
from scanward.stores.scans import scan_item
from tests.support.cloud import KEY
from tests.support.images import dicom, jpeg, png

ACCOUNT_ID: Final = 113_221_541_888_001
SCAN_ID: Final = 113_221_541_900_417
SESSION: Final = "Zx3vQ7n0E5t1F4s9"
CREATED_AT = datetime(2026, 1, 5, 9, 30, 12, tzinfo=UTC)
RESULT = AnalysisResult(
    findings=(
        Finding(label="consolidation", title="Consolidation", score=0.9412, operating_point=0.4188, found=True),
        Finding(label="effusion", title="Pleural effusion", score=0.6120, operating_point=0.4002, found=True),
        Finding(label="pneumothorax", title="Pneumothorax", score=0.0271, operating_point=0.4350, found=False),
        Finding(label="cardiomegaly", title="Cardiomegaly", score=0.1093, operating_point=0.5075, found=False),
        Finding(label="nodule", title="Pulmonary nodule", score=0.0412, operating_point=0.2488, found=False),
    ),
    model=ModelVersion(
        name="chest_xray",
        version="1.0.0",
        sha256="9f86d081884c7d659a2feaa0c55ad015" * 2,
        preprocessing="grey-224-1",
        disclaimer=REFERENCE,
    ),
    image={
        "format": "DICOM",
        "rows": 2048,
        "columns": 2048,
        "bits": 12,
        "frames": 1,
        "photometric": "MONOCHROME2",
        "modality": "DX",
        "view": "PA",
        "body_part": "CHEST",
        "pixel_spacing": [0.168, 0.168],
    },
    timings={"decode": 17.3, "prepare": 1.2, "infer": 21.4, "explain": 0.3},
).to_dict()
SCAN = Scan(
    id=SCAN_ID,
    patient_id=ACCOUNT_ID,
    uploaded_by=ACCOUNT_ID,
    task_id=SCAN_ID + 1,
    object_key=upload_key(Priority.MEDIUM, SCAN_ID, SCAN_ID + 1),
    scan_type=ScanType.XRAY,
    status=TaskStatus.COMPLETED,
    created_at=CREATED_AT,
    completed_at=CREATED_AT.replace(second=14),
    result=RESULT,
)


def access_token() -> str:
    """Return a token of the owner's session."""
    tokens = Tokens(lambda: TokenKeys((SigningKey("k1", KEY),)), now)
    return tokens.issue(TokenType.ACCESS, Claims(ACCOUNT_ID, SESSION, "kq8ZpVf0m2Ls"))


def read_event() -> dict[str, Any]:
    """Return the owner's `GET /scans/{scan_id}`."""
    return request("GET", "/scans/{scan_id}", {"scan_id": str(SCAN_ID)}, {"Authorization": f"Bearer {access_token()}"})


def secret(_: Any) -> bytes:
    """Return Secrets Manager's answer."""
    return json.dumps({"Name": "token-keys", "SecretString": json.dumps({"current": "k1", "k1": KEY})}).encode()


def answers(seconds: Callable[[], float] = time.time) -> dict[str, Answer]:
    """Return DynamoDB's answers, at a Unix time, to the gate's update and to the read of the scan."""
    item = scan_item(SCAN)
    item.result, item.completed_ms = dict(RESULT), to_ms(SCAN.completed_at or CREATED_AT)
    row = json.dumps({"Item": item.serialize()}).encode()
    return {"UpdateItem": lambda _: _gate(int(seconds())), "GetItem": lambda _: row}


def _gate(now: int) -> bytes:
    """Return the gate item after its update: all of it, as PynamoDB asks.

    It has the counter of the minute before as well, for a request that was sent before the minute turned.
    """
    session = {"M": {"e": {"N": str(now + 86_400)}, "c": {"N": str(now - 60)}}}
    gate = {
        "pk": {"S": keys.account(ACCOUNT_ID)},
        "sk": {"S": keys.GATE},
        "role": {"S": "PATIENT"},
        "active": {"BOOL": True},
        "approved": {"BOOL": True},
        "sessions": {"M": {SESSION: session, "aB3dE5fG7hJ9kL1m": session}},
        **{f"m{minute}": {"N": "7"} for minute in (now // 60 - 1, now // 60)},
    }
    return json.dumps({"Attributes": gate}).encode()


SAMPLES = ROOT / "samples"
SMALL = {
    "sample PNG": "consolidation-1.png",
    "sample JPEG": "consolidation-2.jpg",
    "sample DICOM, 16 bits": "effusion-3.dcm",
}
SLICES = {
    "brain_tumor": "slices/brain-mr-meningioma-1.jpg",
    "chest_cancer": "slices/chest-ct-adenocarcinoma-1.jpg",
    "kidney_stone": "slices/kidney-ct-tumor-1.jpg",
}
"""A phantom of each model that predicts: it says nothing of any other image."""
SIDE = 2048


@cache
def pictures() -> Mapping[str, bytes]:
    """Return files by what they are called in the tables."""
    film = _enlarge(SMALL["sample PNG"])
    deep = film.astype(np.uint16) << 4  # 12 bits, the most usual
    return samples() | {
        f"{SIDE}² JPEG": jpeg(film, quality=90),
        f"{SIDE}² PNG, 16 bits": png(deep, compress_level=1),
        f"{SIDE}² DICOM, 16 bits": dicom(deep),
    }


def samples() -> dict[str, bytes]:
    """Return the small ones among them."""
    return {name: (SAMPLES / file).read_bytes() for name, file in SMALL.items()}


def slices() -> dict[str, bytes]:
    """Return a large JPEG of its own kind for each model that predicts."""
    return {name: jpeg(_enlarge(file), quality=90) for name, file in SLICES.items()}


def _enlarge(file: str) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
    """Return a sample, enlarged, with the grain that makes large files large."""
    with Image.open(SAMPLES / file) as sample:
        large = np.asarray(sample.convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(7).normal(0, 2.5, large.shape)
    return np.clip(large + grain, 0, 255).astype(np.uint8)
