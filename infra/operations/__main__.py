"""`python -m infra.operations admin EMAIL | rotate-keys | rotate-pseudonyms ACCOUNT | audit-verify`.

CLOUD=aws and STACK=name say which stack.
"""

import argparse
import sys
import time
from pathlib import Path

from infra.errors import UserError
from infra.operations.audit import Audit, verify
from infra.operations.stack import announcement, create_administrator, outputs, rotate_keys, rotate_pseudonyms
from scanward.clock import now
from scanward.errors import AlreadyTaken, ScanwardError


def _admin(options: argparse.Namespace) -> None:
    try:
        password = create_administrator(outputs()["AccountsTableName"], options.email)
    except AlreadyTaken as error:
        raise UserError("An account with this email is there already.", "Name another.") from error
    print(f"{options.email} administers now. The password, shown this once: {password}")


def _rotate(_: argparse.Namespace) -> None:
    key = rotate_keys(outputs()["TokenKeysSecretArn"], int(time.time()))
    print(f"Key {key} signs {announcement()}; what was signed before holds until it expires.")


def _rotate_pseudonyms(options: argparse.Namespace) -> None:
    rotate_pseudonyms(outputs()["ScansTableName"], options.account)
    print("Copies that are made from now on have other UIDs than those before.")


def _verify(options: argparse.Namespace) -> int:
    stack = outputs()
    audit = Audit(stack["ClinicTableName"], stack["AccountsTableName"], now())
    return 0 if verify(audit, options.heads) else 1


def main(arguments: list[str]) -> int:
    """Do what the arguments say; 1, with the reason and what to do, when it cannot."""
    parser = argparse.ArgumentParser(prog="python -m infra.operations", description="Looks after a stack that stands.")
    commands = parser.add_subparsers(required=True)
    admin = commands.add_parser("admin")
    admin.add_argument("email")
    admin.set_defaults(run=_admin)
    commands.add_parser("rotate-keys").set_defaults(run=_rotate)
    pseudonyms = commands.add_parser("rotate-pseudonyms")
    pseudonyms.add_argument("account")
    pseudonyms.set_defaults(run=_rotate_pseudonyms)
    audit = commands.add_parser("audit-verify")
    audit.add_argument("--heads", type=Path)
    audit.set_defaults(run=_verify)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options) or 0
    except UserError as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    except ScanwardError as failure:
        print(f"\n{failure.message}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
