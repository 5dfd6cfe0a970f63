"""The example of docs/models.md: its code blocks, and a network such as its first step would export."""

import re

import numpy as np
from onnx import helper

from tests.support import networks
from tests.support.cloud import ROOT

PAGE = (ROOT / "docs" / "models.md").read_text()
STEPS = PAGE.partition("## Bring your own network in ten minutes")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^   ```(\w+)\n(.*?)^   ```", STEPS, re.MULTILINE | re.DOTALL)
NOT_YET = "0" * 64


def block(index: int, language: str) -> str:
    """Return the text of a code block of the page."""
    kind, text = BLOCKS[index]
    assert kind == language
    return re.sub("^   ", "", text, flags=re.MULTILINE)


def knee_network() -> bytes:
    """3 x 224 x 224 → two logits; the second grows with brightness."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "weights"], ["scores"], transB=1),
    ]
    weights = np.array([[-1, -1, -1], [1, 1, 1]], np.float32)
    return networks.graph(nodes, {"weights": weights}, (1, 3, 224, 224), (1, 2))
