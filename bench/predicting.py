"""A warm `POST /predict` of a large film, from the event to the answer: gate, form, decoding, model, log line."""

import base64
import json
import statistics
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from bench import inputs
from bench.environment import answer_from_memory, request, silent
from bench.inputs import SIDE
from bench.report import Report, verdict
from bench.timing import Subject, in_turns
from functions.inference.predict_handler import app, models
from scanward.stores.clients import secrets_manager
from scanward.stores.dynamo import connection

AT_MOST_MS = 300
FILM = f"{SIDE}² JPEG"
BOUNDARY = "f8d2a6c1e4b94b0b"


def measure(images: Mapping[str, bytes], rounds: int = 60) -> Report:
    """Return one row for each model that predicts. `images`: what each of them reads, by its name."""
    names = [name for name, card in models.cards.items() if card.chooses_one]
    with ExitStack() as stack:
        stack.enter_context(silent("predict"))
        stack.enter_context(answer_from_memory(secrets_manager(), {"GetSecretValue": inputs.secret}))
        stack.enter_context(answer_from_memory(connection().client, inputs.answers()))
        measurement = in_turns({name: _predict(images[name], name) for name in names}, rounds, calls=1)
    rows = []
    for name in names:
        p95 = statistics.quantiles(measurement.rounds[name], n=20, method="inclusive")[-1] / 1000
        outcome = verdict(p95 / AT_MOST_MS, 1.0)
        rows.append((name, f"{measurement.micros(name) / 1000:.1f}", f"{p95:.1f}", str(AT_MOST_MS), outcome))
    megabytes = max(map(len, images.values())) / 1_000_000
    note = f"{FILM} of {megabytes:.1f} MB at most, {rounds} calls of each model; DynamoDB answers from memory."
    return Report("Predicting", ("warm `POST /predict`", "CPU ms", "p95 ms", "budget (p95)", ""), rows, [note])


def _predict(image: bytes, model: str) -> Subject:
    event = _event(image, model)

    def predict() -> None:
        answer = app(event, None)
        if answer["statusCode"] != 200 or json.loads(answer["body"])["model"] != model:
            raise AssertionError(f"{model} did not predict: {answer['body']}")

    return predict


def _event(image: bytes, model: str) -> dict[str, Any]:
    headers = {
        "Authorization": f"Bearer {inputs.access_token()}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    event = request("POST", "/predict", {}, headers)
    event["body"] = base64.b64encode(_form(image, model)).decode()
    event["isBase64Encoded"] = True
    return event


def _form(image: bytes, model: str) -> bytes:
    begin = f"--{BOUNDARY}\r\nContent-Disposition: form-data; name="
    field = f'{begin}"model_type"\r\n\r\n{model}\r\n{begin}"file"; filename="film.jpg"\r\n\r\n'
    return field.encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()
