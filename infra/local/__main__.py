"""`python -m infra.local up|stop|reset|logs|invoke|try`; PORT, AUTH and CLOUD come from the environment."""

import argparse
import os
import secrets
import sys
from collections import deque
from pathlib import Path

from botocore.exceptions import EndpointConnectionError

from infra.errors import UserError
from infra.local import clients, cloud, deployment
from infra.local.clients import environment
from infra.local.cloud import EmbeddedCloud
from infra.local.deployment import Deployment, console, step
from infra.local.paths import LOCAL, STACK_FILE
from infra.local.stack import Administrator, Stack, read_administrator, write_stack
from infra.operations.stack import create_administrator


def _cloud() -> EmbeddedCloud:
    port = os.environ.get("PORT") or "4566"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise UserError(f"PORT={port} is not a port.", "Ports are numbers from 1 to 65535.")
    return EmbeddedCloud(int(port), LOCAL, os.environ.get("AUTH", "").lower() in {"1", "true", "yes"})


def _up(_: argparse.Namespace) -> None:
    """Bring up the embedded cloud, or the LocalStack that listens; the stack on it; an administrator; stack.json."""
    ours = _cloud()
    target = "local"
    if os.environ.get("CLOUD") == "localstack":
        target = "aws"
        if cloud.health(ours.endpoint) is None:
            raise UserError(f"No LocalStack answers at {ours.endpoint}.", "Start it first, or leave CLOUD out.")
    else:
        with step("Starting the embedded cloud", f"The embedded cloud listens on port {ours.port}"):
            cloud.start(ours)
    stack = deployment.deploy(Deployment(ours.endpoint, LOCAL, target))
    administrator = read_administrator(STACK_FILE, stack)
    if administrator is None:
        with step("Creating an administrator", "An administrator with a random password is there"):
            administrator = _administrator(stack)
    write_stack(STACK_FILE, stack, administrator)
    console.print(f"  API {stack.api_url}\n  WebSocket {stack.websocket_url}", soft_wrap=True)
    if target == "local":
        console.print(f"  Mails {ours.outbox}", soft_wrap=True)


def _administrator(stack: Stack) -> Administrator:
    os.environ.update(environment(stack.endpoint))
    # An earlier one's password may be lost with its stack.json: each has an email of its own.
    email = f"admin-{secrets.token_hex(3)}@scanward.example"
    return Administrator(email, create_administrator(stack.outputs["AccountsTableName"], email))


def _stop(_: argparse.Namespace) -> None:
    is_stopped = cloud.stop(_cloud())
    console.print(
        "The embedded cloud is stopped; its data is kept." if is_stopped else "The embedded cloud does not run."
    )


def _reset(_: argparse.Namespace) -> None:
    cloud.delete_data(_cloud())
    for file in (STACK_FILE, LOCAL / "deployed.json"):
        file.unlink(missing_ok=True)
    console.print("The embedded cloud is stopped and its data is gone.")


def _logs(options: argparse.Namespace) -> None:
    ours = _cloud()
    if options.function:
        for line in clients.read_logs(ours.endpoint, options.function, options.follow):
            print(line)
        return
    try:
        with ours.log.open(errors="replace") as log:
            print("".join(deque(log, 200)), end="")
    except FileNotFoundError as missing:
        raise UserError("The embedded cloud has not run yet.", "make run") from missing


def _invoke(options: argparse.Namespace) -> None:
    answer, log = clients.invoke(_cloud().endpoint, options.function, options.event)
    print(log, end="", file=sys.stderr)
    print(answer)


def _try(options: argparse.Namespace) -> None:
    endpoint, folder = _cloud().endpoint, options.folder.resolve()
    files, readers = clients.storage(endpoint), clients.functions(endpoint)
    if options.remove:
        was_served = clients.withdraw_model(files, readers, folder.name)
        print(f"{folder.name} is no longer served." if was_served else f"{folder.name} was not on trial.")
        return
    print(
        f"{clients.serve_model(files, readers, folder)} is served by the local stack, until REMOVE=true or make reset."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description="Looks after the local stack.")
    commands = parser.add_subparsers(required=True)
    for name, run in (("up", _up), ("stop", _stop), ("reset", _reset)):
        commands.add_parser(name).set_defaults(run=run)
    logs = commands.add_parser("logs")
    logs.add_argument(
        "function", nargs="?", default="", help="short name, such as scans; the cloud's own log without it"
    )
    logs.add_argument("--follow", action="store_true")
    logs.set_defaults(run=_logs)
    invoke = commands.add_parser("invoke")
    invoke.add_argument("function")
    invoke.add_argument("event", type=Path)
    invoke.set_defaults(run=_invoke)
    trial = commands.add_parser("try")
    trial.add_argument("folder", type=Path)
    trial.add_argument("--remove", action="store_true")
    trial.set_defaults(run=_try)
    return parser


def main(arguments: list[str]) -> int:
    """Do what the arguments say; 1, with the reason and what to do, when it cannot."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except UserError as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except EndpointConnectionError as error:
        endpoint = error.kwargs["endpoint_url"]
        print(f"\nNo local AWS answers at {endpoint}\nStart it: make run, with the same PORT", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
