"""`python -m infra.demo [IMAGE]`: runs the demo on the running stack. 1 when it could not be run."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from infra.demo.client import ROOT, STACK_FILE, find_image, read_stack
from infra.demo.run import DemoContext, run_demo
from infra.errors import UserError


def main(arguments: list[str]) -> int:
    """Run the demo as the arguments say."""
    options = _parser().parse_args(arguments)
    console = Console()
    try:
        image = find_image(options.image)
        return (
            0 if run_demo(DemoContext(console, read_stack(options.stack), options.results, options.model), image) else 1
        )
    except UserError as error:
        console.print(error.what, style="bold red", markup=False, highlight=False, soft_wrap=True)
        if error.advice:
            console.print(error.advice, markup=False, highlight=False, soft_wrap=True)
    except KeyboardInterrupt:
        console.print("Stopped; the stack runs on.")
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description="Runs the demo on the stack.")
    parser.add_argument("image", nargs="?", metavar="IMAGE", help="a JPEG, PNG or DICOM file; a sample without it")
    parser.add_argument("--stack", type=Path, default=STACK_FILE, help="the stack's addresses (%(default)s)")
    parser.add_argument("--results", type=Path, default=ROOT / ".local" / "results", help="where files are saved")
    parser.add_argument("--model", help="the model that is to read it; the one that fits without it")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
