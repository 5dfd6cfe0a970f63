"""`python -m infra.build layer core|model OUT` and `… function SLICE OUT`, each `[--target aws|local]`."""

import argparse
import sys
from pathlib import Path

from infra.build.artefacts import LAYERS, SLICES, build_function, build_layer
from infra.build.wheels import Target
from infra.errors import UserError


def main(arguments: list[str]) -> int:
    """Build what the arguments say and prints its size. 1 when it is refused."""
    options = _parser().parse_args(arguments)
    target = Target(options.target)
    try:
        if options.kind == "layer":
            size = build_layer(options.name, options.out, target)
            print(f"layer {options.name} for {options.target}: {size:.1f} MB of {LAYERS[options.name].limit}")
        else:
            print(f"function {options.name}: {build_function(options.name, options.out, target):.2f} MB")
    except UserError as refusal:
        print(f"cannot build {options.kind} {options.name}: {refusal}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.build", description="Builds one artefact.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, names in (("layer", sorted(LAYERS)), ("function", SLICES)):
        command = kinds.add_parser(kind)
        command.add_argument("name", choices=names)
        command.add_argument("out", type=Path)
        command.add_argument("--target", choices=[target.value for target in Target], default=Target.AWS.value)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
