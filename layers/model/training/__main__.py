"""`python -m training train|evaluate|samples|table|sheet`: the reference model from a seed, and proof of its card."""

import argparse
import json
import sys
from pathlib import Path

from imaging.card import CARD_FILE, read_card
from training.cards import NAME

MODELS = Path(__file__).resolve().parent.parent / "models"
REPOSITORY = MODELS.parent.parent.parent


def main() -> int:
    """Run one command; the exit status is 1 if the card's numbers were not reproduced."""
    options = _parser().parse_args()
    if options.command == "train":
        from training.train import train  # noqa: PLC0415 - torch is needed for this command alone

        train(options.models / options.model, options.seed, options.films, options.epochs)
    elif options.command == "evaluate":
        return _evaluate(options.models / options.model)
    elif options.command == "samples":
        from training.samples import write_samples  # noqa: PLC0415

        write_samples(REPOSITORY / "samples")
    elif options.command == "table":
        from training.table import write_table  # noqa: PLC0415

        write_table(options.models / NAME, REPOSITORY / "docs" / "models.md")
    else:
        from training.sheet import write_sheet  # noqa: PLC0415

        write_sheet(options.models / NAME, REPOSITORY / "docs" / "imaging" / "phantoms.png")
    return 0


def _evaluate(folder: Path) -> int:
    from training.evaluate import differences, read_held_out, summary  # noqa: PLC0415

    card = read_card(folder)
    recipe, stated = card.document["training_data"], card.document["metrics"]
    reading = read_held_out(folder, recipe["seed"], stated["films"])
    measured = summary(reading, tuple(label.id for label in card.labels), card.temperature)
    print(json.dumps(measured, indent=2))
    wrong = differences(measured, stated)
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{folder / CARD_FILE}: {'differs from what was measured' if wrong else 'reproduced'}")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument(
        "--models", type=Path, default=MODELS, help="folder of the models (default: layers/model/models)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="draw phantoms, train, export, measure, write the card")
    train.add_argument("--seed", type=int, default=7)
    train.add_argument("--films", type=int, default=4000, help="phantoms to train on")
    train.add_argument("--epochs", type=int, default=10)
    evaluate = commands.add_parser("evaluate", help="measure again on held-out phantoms and compare with the card")
    for command in (train, evaluate):
        command.add_argument("model", choices=[NAME], nargs="?", default=NAME)
    commands.add_parser("samples", help="draw the bundled samples")
    commands.add_parser("table", help="write the card's numbers into the documentation")
    commands.add_parser("sheet", help="draw the contact sheet of the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
