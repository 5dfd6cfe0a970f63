"""The HTTP side of the demo: where the stack is, the image to send, and the calls that any app makes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import httpx

from infra.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
STACK_FILE = ROOT / ".local" / "stack.json"


@dataclass(frozen=True, slots=True)
class Login:
    """Who signs in, and with what."""

    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Stack:
    """The addresses of a running stack, without a slash at their ends, and its administrator where one is known."""

    api_url: str
    websocket_url: str
    administrator: Login | None = None


def read_stack(file: Path) -> Stack:
    """Raise UserError when there is no such file, or it does not hold the addresses."""
    try:
        payload = json.loads(file.read_text())
        administrator = Login(**payload["admin"]) if "admin" in payload else None
        return Stack(payload["api_url"].rstrip("/"), payload["websocket_url"].rstrip("/"), administrator)
    except FileNotFoundError as missing:
        raise UserError(
            f"There is no {display_path(file)}: no stack has been brought up.", "Run `make run`."
        ) from missing
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{display_path(file)} cannot be read.", "`make run` writes it anew.") from error


def display_path(path: Path) -> str:
    """Return a path as a person at the tree's root would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


SAMPLE = ROOT / "samples" / "consolidation-1.png"
FORM_LIMIT = 4_400_000 - 1_000  # bytes of a file whose form still fits through the gateway
UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes, as documented


@dataclass(frozen=True, slots=True)
class Image:
    """A file to upload. `content_type` as its first bytes say; None where they say nothing we know."""

    path: Path
    size: int
    content_type: str | None

    @property
    def fits_form(self) -> bool:
        return self.size <= FORM_LIMIT


def find_image(path_text: str | None) -> Image:
    """Raise UserError for a file that is not there, cannot be read, is empty or too large."""
    path = Path(path_text).expanduser() if path_text else SAMPLE
    try:
        with path.open("rb") as file:
            head = file.read(132)
        size = path.stat().st_size
    except FileNotFoundError as missing:
        raise UserError(f"There is no file {path}.", "IMAGE=path names a JPEG, PNG or DICOM file.") from missing
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    if size == 0:
        raise UserError(f"{path} is empty.", "Send a JPEG, PNG or DICOM file.")
    if size > UPLOAD_LIMIT:
        raise UserError(f"{path} has {size:,} bytes.", f"At most {UPLOAD_LIMIT:,} (50 MB) are accepted.")
    return Image(path, size, content_type_of(head))


def content_type_of(head: bytes) -> str | None:
    """Return what a file's first 132 bytes show it to be."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    is_dicom = head[128:132] == b"DICM" or head.startswith((b"\x02\0\0\0UL", b"\x02\0\x10\0UI"))
    return "application/dicom" if is_dicom else None


SECONDS = 30


@dataclass(frozen=True, slots=True)
class AcceptedUpload:
    """An upload that the API has taken on. `task_token` follows the task and nothing else."""

    scan_id: str
    task_id: str
    task_token: str


@dataclass(frozen=True, slots=True)
class Form:
    """Where S3 takes a file, and the fields that go before it."""

    url: str
    fields: Mapping[str, str]


class Client:
    """One person's calls. Each raises UserError when it is refused or not answered."""

    def __init__(self, stack: Stack) -> None:
        # The stack is on this machine: a proxy of the environment would only be in the way.
        self._http = httpx.Client(timeout=SECONDS, trust_env=False)
        self._base = stack.api_url
        self._headers: dict[str, str] = {}

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def register(self, email: str, password: str, role: str = "PATIENT") -> None:
        """Register a new patient or doctor."""
        self._data("POST", "/auth/register", json={"email": email, "password": password, "role": role})

    def log_in(self, email: str, password: str) -> None:
        """Open a session; the calls after this one are made in it."""
        tokens = self._data("POST", "/auth/login", data={"email": email, "password": password})
        self._headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    def send_form(self, content: IO[bytes], image: Image, model: str | None = None) -> AcceptedUpload:
        """Upload through the API: files of up to 4.4 MB. `model`: the one that is to read it."""
        kind = image.content_type or "application/octet-stream"
        file = {"file": (image.path.name, content, kind)}
        return _accepted_upload(self._data("POST", "/scans/", files=file, data={"model": model} if model else None))

    def begin_upload(self, image: Image, model: str | None = None) -> tuple[AcceptedUpload, Form]:
        """Ask for a form for S3: files of up to 50 MB. `model`: the one that is to read it."""
        body = {"filename": image.path.name, "content_type": image.content_type or "image/jpeg"}
        body |= {"model": model} if model else {}
        payload = self._data("POST", "/scans/uploads", json=body)
        return _accepted_upload(payload), Form(payload["upload"]["url"], payload["upload"]["fields"])

    def send_to_storage(self, form: Form, content: IO[bytes], image: Image) -> None:
        """Upload straight to S3, with the form it was given."""
        answer = self._call("POST", form.url, data=dict(form.fields), files={"file": (image.path.name, content)})
        if answer.is_error:
            raise UserError(f"Storage did not take the file: {answer.status_code}.", "See `make logs`.")

    def task(self, task_id: str) -> dict[str, Any]:
        """Return where a task is."""
        payload: dict[str, Any] = self._data("GET", f"/tasks/status/{task_id}")
        return payload

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send any other call and return what the envelope holds, or the bare answer of those that have none."""
        answer = self._accepted_answer(method, path, json=body).json()
        return answer["data"] if isinstance(answer, dict) and answer.get("success") is True else answer

    def file(self, path: str) -> bytes:
        """Return an image, as it was made for people to look at."""
        return self._accepted_answer("GET", path).content

    def _data(self, method: str, path: str, **options: Any) -> Any:
        return self._accepted_answer(method, path, **options).json()["data"]

    def _accepted_answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = self._call(method, self._base + path, headers=self._headers, **options)
        if answer.is_error:
            raise _error_of(method, path, answer)
        return answer

    def _call(self, method: str, url: str, **options: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, **options)
        except httpx.TransportError as silent:
            where = httpx.URL(url).copy_with(raw_path=b"/")
            advice = "`make run` starts it again; `make logs` shows what it said."
            raise UserError(f"The stack does not answer at {where}.", advice) from silent


def _accepted_upload(entry: Mapping[str, Any]) -> AcceptedUpload:
    return AcceptedUpload(entry["scan_id"], entry["task_id"], entry["task_token"])


def _error_of(method: str, path: str, answer: httpx.Response) -> UserError:
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return UserError("Too many requests.", f"Try again in {answer.headers.get('Retry-After', '60')} seconds.")
    try:
        error = answer.json()["error"]
        details = [text for texts in error["details"].values() for text in texts]
        message = " ".join([f"{error['message']}.", *details])
    except (ValueError, KeyError, TypeError, AttributeError):
        message = "The answer is not one of Scanward's."
    advice = "`make logs` shows more." if answer.is_server_error else ""
    return UserError(f"{method} {path} was answered {answer.status_code}: {message}", advice)
