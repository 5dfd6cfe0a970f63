"""What `make run` plays, as a process of its own on the deployed stack."""

import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.stack.embedded import Stack
from tests.support.cloud import ROOT

pytestmark = pytest.mark.stack


@pytest.fixture
def stack_file(stack: Stack, tmp_path: Path) -> Path:
    """Provide the stack's addresses, as `make run` leaves them."""
    file = tmp_path / "stack.json"
    file.write_text(json.dumps({"api_url": stack.api, "websocket_url": stack.live}))
    return file


def test_ends_with_a_result_two_pictures_and_the_addresses(stack: Stack, stack_file: Path) -> None:
    done = play(stack_file)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("COMPLETED", "Consolidation", "chest_xray", "not for clinical use", f"{stack.api}/docs"):
        assert said in done.stdout
    saved = {file.name for file in (stack_file.parent / "results").glob("*/*")}
    assert saved == {"preview.jpg", "heatmap.png", "result.json", "login.json"}
    assert "eyJ" not in done.stdout, "a token was printed"


def test_the_demo_tells_the_doctors_half_as_well(
    stack: Stack, stack_file: Path, administrator_login: dict[str, str]
) -> None:
    stack_file.write_text(json.dumps({"api_url": stack.api, "websocket_url": stack.live, "admin": administrator_login}))
    done = play(stack_file)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in ("The doctor's patients", "the patient asks", "the doctor answers", "answer question", "read patient"):
        assert said in done.stdout
    assert administrator_login["password"] not in done.stdout


def test_a_large_file_goes_through_storage(stack_file: Path) -> None:
    image = stack_file.with_name("large.png")
    # Bytes after the end of a PNG are allowed, and make a small image a large file.
    image.write_bytes((ROOT / "samples" / "effusion-1.png").read_bytes() + bytes(5_000_000))
    done = play(stack_file, str(image))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Pleural effusion" in done.stdout


def test_a_broken_image_is_told_plainly(stack_file: Path) -> None:
    image = stack_file.with_name("cut.jpg")
    image.write_bytes((ROOT / "samples" / "effusion-2.jpg").read_bytes()[:3000])
    done = play(stack_file, str(image))
    assert done.returncode == 1
    assert "The JPEG ends before its image does. (BAD_INPUT)" in done.stdout


def test_the_demo_refuses_a_file_that_is_no_image(stack_file: Path) -> None:
    image = stack_file.with_name("notes.txt")
    image.write_text("no image")
    done = play(stack_file, str(image))
    assert done.returncode == 1
    assert "This is not an image of an accepted format" in done.stdout


def test_a_stack_that_is_down_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    done = play(file)
    assert done.returncode == 1
    assert "Run `make run`" in done.stdout
    file.write_text(json.dumps({"api_url": "http://127.0.0.1:9/x", "websocket_url": "ws://127.0.0.1:9/x"}))
    done = play(file)
    assert done.returncode == 1
    assert "does not answer at http://127.0.0.1:9/" in done.stdout


def test_the_demo_polls_the_task_without_a_socket(stack: Stack, stack_file: Path) -> None:
    stack_file.write_text(json.dumps({"api_url": stack.api, "websocket_url": "ws://127.0.0.1:9"}))
    done = play(stack_file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "polled" in done.stdout
    assert "pushed" not in done.stdout


def test_a_limit_says_when_to_come_back(tmp_path: Path) -> None:
    class Full(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(429)
            self.send_header("Retry-After", "17")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    file = tmp_path / "stack.json"
    with HTTPServer(("127.0.0.1", 0), Full) as server:
        file.write_text(json.dumps({"api_url": f"http://127.0.0.1:{server.server_port}", "websocket_url": "ws://x"}))
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        done = play(file)
        answering.join()
    assert done.returncode == 1
    assert "Try again in 17 seconds" in done.stdout


def play(stack_file: Path, *image: str) -> "subprocess.CompletedProcess[str]":
    """Run the demo without a terminal."""
    results = stack_file.parent / "results"
    places = ["--stack", str(stack_file), "--results", str(results)]
    command = [sys.executable, "-m", "infra.demo", *places, *image]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
