"""What torchxrayvision's DenseNet-121 says of sample images, by that package's own preprocessing and PyTorch.

`python -m training.torchxrayvision_reference OUT`, in an environment with torch, torchxrayvision and onnxscript. Writes
the exported graph without its weights, how the weights are drawn again, and the reference: what the test of Scanward's
reading of the same network compares with. No trained weights: `weights=None`, random ones from a seed.
"""

import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from training.files import draw_weights

# torchvision's compiled part does not load beside every PyTorch; without it torchvision imports once these are known.
if not hasattr(torch.ops.torchvision, "nms"):
    for operator in ("nms", "qnms"):
        torch.library.define(f"torchvision::{operator}", "(Tensor boxes, Tensor scores, float threshold) -> Tensor")

import torchxrayvision as xrv

SEED, OPSET, SIDE, STEP = 11, 18, 224, 8
IMAGES = ("effusion-2.jpg", "several-2.jpg", "effusion-3.dcm", "pneumothorax-3.dcm")
ROOT = Path(__file__).resolve().parents[3]


def main(out: Path) -> None:
    """Write `graph.onnx` and `reference.json` into `out`."""
    network = xrv.models.DenseNet(weights=None).eval()
    xrv.utils.warning_log["norm_check"] = True  # it judges values, which an export cannot follow
    tensors = {name: _prepare(ROOT / "samples" / name) for name in IMAGES}
    statistics = _fill(network, torch.from_numpy(tensors[IMAGES[0]])[None])
    out.mkdir(parents=True, exist_ok=True)
    _export(network, out / "graph.onnx")
    with torch.inference_mode():
        logits = {name: network(torch.from_numpy(tensor)[None])[0].tolist() for name, tensor in tensors.items()}
    reference = {
        "made_with": {"torch": torch.__version__.partition("+")[0], "torchxrayvision": xrv.__version__},
        "seed": SEED,
        "statistics": statistics,
        "labels": network.targets,
        "step": STEP,
        "tensors": {name: tensor[0, ::STEP, ::STEP].round(3).tolist() for name, tensor in tensors.items()},
        "logits": logits,
    }
    (out / "reference.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n", encoding="utf-8")


def _prepare(path: Path) -> NDArray[np.float32]:
    """Return the image as 1 x 224 x 224, as the package's documentation does it."""
    image = xrv.utils.load_image(str(path))
    image = xrv.datasets.XRayCenterCrop()(image)
    image_224: NDArray[np.float32] = xrv.datasets.XRayResizer(SIDE)(image)
    return image_224


def _fill(network: torch.nn.Module, example: torch.Tensor) -> dict[str, list[float]]:
    """Return weights from the seed; each normalisation by one mean and variance, so that activations stay of order
    one.
    """
    for name, value in network.state_dict().items():
        if value.is_floating_point() and not name.endswith(("running_mean", "running_var")):
            value.copy_(torch.from_numpy(draw_weights(SEED, name, tuple(value.shape))))
    statistics: dict[str, list[float]] = {}

    def note(name: str) -> Any:
        def hook(layer: torch.nn.BatchNorm2d, arguments: tuple[torch.Tensor]) -> None:
            mean, variance = round(float(arguments[0].mean()), 6), round(float(arguments[0].var()), 6)
            layer.running_mean.fill_(mean)
            layer.running_var.fill_(variance)
            statistics[name] = [mean, variance]

        return hook

    layers = [(name, layer) for name, layer in network.named_modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    hooks = [layer.register_forward_pre_hook(note(name)) for name, layer in layers]
    with torch.inference_mode():
        network(example)
    for hook in hooks:
        hook.remove()
    return statistics


def _export(network: torch.nn.Module, path: Path) -> None:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = Path(scratch) / "whole.onnx"
        torch.onnx.export(
            network,
            (torch.zeros(1, 1, SIDE, SIDE),),
            str(whole),
            input_names=["image"],
            output_names=["logits"],
            opset_version=OPSET,
            external_data=False,
            optimize=False,
            dynamo=True,
            verbose=False,
        )
        model = onnx.load(whole)
    for node in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    del model.graph.value_info[:]
    names = set(network.state_dict())
    for initialiser in model.graph.initializer:
        if initialiser.name in names:
            initialiser.ClearField("raw_data")
    path.write_bytes(model.SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
