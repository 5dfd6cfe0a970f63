"""`python -m training train|measure|evaluate|samples|table|sheet|…`: reference models, and proof of their cards."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from imaging.model_card import CARD_FILE, read_card
from training.subjects import SUBJECTS

MODELS = Path(__file__).resolve().parent.parent / "models"
REPOSITORY = MODELS.parent.parent.parent


def main() -> int:
    """Run one command; the exit status is 1 if a card's numbers were not reproduced."""
    options = _parser().parse_args()
    commands: dict[str, Callable[[argparse.Namespace], int]] = {
        "train": _train,
        "gate": _gate,
        "text": _text,
        "measure-text": _measure_text,
        "measure": _measure,
        "evaluate": _evaluate,
        "samples": _samples,
        "table": _table,
        "sheet": _sheet,
    }
    return commands[options.command](options)


def _train(options: argparse.Namespace) -> int:
    from training.train import train  # noqa: PLC0415 - torch is needed for this command alone

    subject = SUBJECTS[options.model]
    phantoms, epochs = options.phantoms or subject.phantoms, options.epochs or subject.epochs
    train(folder=options.models / subject.name, subject=subject, seed=options.seed, phantoms=phantoms, epochs=epochs)
    return 0


def _gate(options: argparse.Namespace) -> int:
    from training.gate import add_gate  # noqa: PLC0415 - torch

    add_gate(options.models / options.model, SUBJECTS[options.model], options.seed)
    return 0


def _text(options: argparse.Namespace) -> int:
    from training.train import train_text_finder  # noqa: PLC0415 - torch

    train_text_finder(options.file, options.seed, options.steps)
    return 0


def _measure_text(options: argparse.Namespace) -> int:
    from training.metrics import measure_finder  # noqa: PLC0415

    metrics = measure_finder(options.seed)
    for title, rows in (("text in regions", metrics.recall), ("blanked without text", metrics.false_share)):
        print(title)
        for name, (share, images) in rows.items():
            print(f"  {name:28} {share:8.2%} of pixels {images:6.0%} of images")
    return 0


def _measure(options: argparse.Namespace) -> int:
    from training.gate_metrics import write_gate_metrics  # noqa: PLC0415
    from training.reading import measure  # noqa: PLC0415

    measure(options.models / options.model, SUBJECTS[options.model])
    write_gate_metrics(options.models / options.model, SUBJECTS[options.model])
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    return max([_check_metrics(options.models / name) for name in ([options.model] if options.model else SUBJECTS)])


def _check_metrics(folder: Path) -> int:
    from training.gate_metrics import measure_gate  # noqa: PLC0415
    from training.reading import differences, read_held_out, summary  # noqa: PLC0415

    card, subject = read_card(folder), SUBJECTS[folder.name]
    recipe, card_metrics = card.document["training_data"], card.document["metrics"]
    reading = read_held_out(folder, subject, recipe["seed"], card_metrics[subject.unit])
    metrics = summary(reading, subject, card.temperature)
    print(json.dumps(metrics, indent=2))
    gate_metrics = measure_gate(folder, subject)
    print(json.dumps(gate_metrics, indent=2))
    wrong = differences(metrics, card_metrics)
    wrong += differences(gate_metrics, card.document["gate_metrics"], "gate_metrics")
    for line in wrong:
        print(line, file=sys.stderr)
    print(f"{folder.name}/{CARD_FILE}: {'differs from what was measured' if wrong else 'reproduced'}")
    return 1 if wrong else 0


def _samples(options: argparse.Namespace) -> int:
    from training.samples import write_samples, write_slices  # noqa: PLC0415

    write_samples(REPOSITORY / "samples")
    write_slices(REPOSITORY / "samples" / "slices", options.models)
    return 0


def _table(options: argparse.Namespace) -> int:
    from training.documentation import write_tables  # noqa: PLC0415

    write_tables(options.models, REPOSITORY / "docs")
    return 0


def _sheet(options: argparse.Namespace) -> int:
    from training.documentation import write_sheets  # noqa: PLC0415

    write_sheets(options.models, REPOSITORY / "docs")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument(
        "--models", type=Path, default=MODELS, help="folder of the models (default: layers/model/models)"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="draw phantoms, train, export, measure, write the card")
    train.add_argument("model", choices=SUBJECTS)
    train.add_argument("--seed", type=int, default=7)
    train.add_argument("--phantoms", type=int, help="how many to train on (default: as the card says)")
    train.add_argument("--epochs", type=int, help="default: as the card says")
    gate = commands.add_parser("gate", help="fit the gate anew, and write it into the graph and the card")
    gate.add_argument("model", choices=SUBJECTS)
    gate.add_argument("--seed", type=int, default=7)
    text = commands.add_parser("text", help="draw text, and train the network that finds it in pixels")
    text.add_argument("--file", type=Path, default=REPOSITORY / "layers" / "model" / "imaging" / "burned_in_text.onnx")
    text.add_argument("--seed", type=int, default=7)
    text.add_argument("--steps", type=int, default=1600)
    measure_text = commands.add_parser("measure-text", help="how much of drawn text that network finds, and what else")
    measure_text.add_argument("--seed", type=int, default=7)
    measure = commands.add_parser("measure", help="measure again on held-out phantoms and write the card")
    measure.add_argument("model", choices=SUBJECTS)
    evaluate = commands.add_parser("evaluate", help="measure again on held-out phantoms and compare with the card")
    evaluate.add_argument("model", choices=SUBJECTS, nargs="?", help="default: every one")
    commands.add_parser("samples", help="draw the bundled samples")
    commands.add_parser("table", help="write the cards' numbers into the documentation")
    commands.add_parser("sheet", help="draw the pictures of the documentation")
    return parser


if __name__ == "__main__":
    sys.exit(main())
