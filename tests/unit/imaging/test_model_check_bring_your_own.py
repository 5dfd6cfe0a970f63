"""docs/models.md tells how to bring a network in; this follows the page, step by step, with its own commands and files.

Only the first step is taken another way: PyTorch is no part of the tests, so what it would export is made here.
"""

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from functions.inference.model_registry import ModelSettings, model_registry
from imaging.analysis import analyse
from imaging.card_schema import CardDocument, Output, Preprocessing, Tensor
from imaging.decode import decode
from imaging.expectations import Expectation
from imaging.image import ImageFacts
from imaging.model_card import card_of
from imaging.model_check import main
from infra.local.paths import python
from scanward.settings import load_settings
from tests.support.cloud import BUCKET, ROOT
from tests.support.images import dicom, ramp
from tests.support.knee import BLOCKS, NOT_YET, PAGE, block, knee_network

SAM = """
import json
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.samconfig import SamConfig
kept = SamConfig(".").get_all(["deploy"], "parameters", "default")
print(json.dumps(CfnParameterOverridesType().convert(kept["parameter_overrides"], None, None)))
"""


def test_a_network_gets_in_as_the_page_says(
    aws: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "samples", tmp_path / "samples")
    _export(block(0, "python"))
    sum_of_graph = _shell(block(1, "sh")).split()[0]
    card = block(2, "json")
    assert NOT_YET in card
    Path("models/knee_film/card.json").write_text(card.replace(NOT_YET, sum_of_graph))
    sum_of_card = _check(block(3, "sh"), capsys)
    _copy(block(4, "sh"))
    parameters = _deployed(block(5, "toml").replace(NOT_YET, sum_of_card))
    models = model_registry(_settings(parameters["Models"]), tmp_path / "none", 1769)
    knee = models.for_image(ImageFacts("DICOM", 300, 200, 12, modality="DX", body_part="KNEE"))
    assert knee is not None
    film = decode(dicom(ramp(300, 200, 4095), BodyPartExamined="KNEE", BitsStored=12))
    analysis = analyse(film, knee)
    assert sum(analysis.scores.values()) == pytest.approx(1)
    assert set(analysis.scores) == {"normal", "fracture"}
    assert len(BLOCKS) == 6


def _export(code: str) -> None:
    """Write what the page's code would write, and that it would write it so."""
    call = next(node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call) and len(node.args) == 3)
    said = {word.arg: ast.literal_eval(word.value) for word in call.keywords if word.arg}
    assert (said["input_names"], said["output_names"]) == (["image"], ["scores"])
    assert said["opset_version"] == json.loads(block(2, "json"))["opset"]
    assert said["external_data"] is False
    assert "torch.zeros(1, 3, 224, 224)" in code
    Path(ast.literal_eval(call.args[2])).write_bytes(knee_network())


def _shell(commands: str) -> str:
    # S603, S607: the page's own commands.
    run = subprocess.run(["sh", "-ec", commands], capture_output=True, text=True, check=True)  # noqa: S603, S607
    return run.stdout


def _check(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """`make model-check` without the making of its environment, in which the tests already run."""
    recipe = (ROOT / "Makefile").read_text().partition("\nmodel-check:")[2].partition("\n\n")[0]
    assert '-m imaging.model_check "$(DIR)" $(if $(IMAGE),"$(IMAGE)") $(if $(EXPECT),--expect "$(EXPECT)")' in recipe
    target, *given = command.split()[1:]
    assert target == "model-check"
    said = dict(word.split("=") for word in given)
    assert main([said["DIR"], said["IMAGE"]]) == 0
    told = capsys.readouterr().out
    assert "Fracture" in told
    [sum_of_card] = re.findall(r"pin it by: ([0-9a-f]{64})", told)
    return str(sum_of_card)


def _copy(command: str) -> None:
    """`aws s3 cp --recursive` into the bucket of the tests' cloud."""
    assert command.startswith("aws s3 cp --recursive ")
    source, target = command.split()[4:]
    assert target.startswith('"s3://$BUCKET/')
    assert target.endswith('/"')
    prefix = target.removeprefix('"s3://$BUCKET/').removesuffix('"')
    for path in Path(source).iterdir():
        boto3.client("s3").put_object(Bucket=BUCKET, Key=prefix + path.name, Body=path.read_bytes())


def _deployed(section: str) -> dict[str, str]:
    """Return what SAM makes of the page's lines in samconfig.toml, after a string such as a guided deployment leaves
    there.
    """
    guided = r'"Models=\"{}\" Capacity=\"small\"",'
    Path("samconfig.toml").write_text("version = 0.1\n" + section.replace("[\n", f"[\n{guided}\n"))
    # S603: SAM's own environment, which `make test` has made.
    run = subprocess.run([python("deploy"), "-c", SAM], capture_output=True, text=True, check=True)  # noqa: S603
    parameters: dict[str, str] = json.loads(run.stdout)
    assert parameters["Capacity"] == "small"
    return parameters


def _settings(models: str) -> ModelSettings:
    """Return what the functions read, with the template's default for the rest."""
    text = (ROOT / "template.yaml").read_text()
    parameters: dict[str, Any] = yaml.safe_load(re.sub(r"!\w+", "", text.partition("\nMappings:")[0]))["Parameters"]
    prefix = parameters["ModelsPrefix"]["Default"]
    return load_settings(ModelSettings, {"BUCKET": BUCKET, "MODELS": models, "MODELS_PREFIX": prefix})


def test_the_page_names_every_key_that_a_card_may_have() -> None:

    for schema in (CardDocument, Tensor, Preprocessing, Output):
        for key in schema.model_fields:
            assert f"`{key}`" in PAGE or f".{key}`" in PAGE or f'"{key}"' in PAGE, key


RECIPES = PAGE.partition("\n## Recipes")[2].partition("\n## ")[0]
COMPARING = PAGE.partition("\n## Does it say what it said before?")[2].partition("\n## ")[0]


@pytest.mark.parametrize("snippet", re.findall(r"^```json\n(.*?)^```", RECIPES, re.MULTILINE | re.DOTALL))
def test_part_of_a_card_in_a_recipe_is_valid_in_a_card(snippet: str) -> None:
    parts = json.loads(snippet)
    assert set(parts) == {"input", "preprocessing", "output"}
    document = json.loads(block(2, "json"))
    if parts["output"]["decision"] == "each":
        document["labels"] = document["labels"][1:]
    card = card_of(json.dumps(document | parts).encode(), "knee_film")
    assert card.input.interpolation == parts["preprocessing"]["interpolation"]


def test_the_recipes_are_of_three_frameworks() -> None:
    assert re.findall(r"^### (.*)", RECIPES, re.MULTILINE) == ["PyTorch", "Keras", "scikit-learn"]


def test_the_format_of_expected_scores_is_as_the_page_shows_it() -> None:
    [snippet] = re.findall(r"^```json\n(.*?)^```", COMPARING, re.MULTILINE | re.DOTALL)
    [expected] = json.loads(snippet).values()
    Expectation.model_validate(expected)
    for key in Expectation.model_fields:
        assert f"`{key}`" in COMPARING


@pytest.mark.parametrize("code", re.findall(r"^```python\n(.*?)^```", RECIPES + COMPARING, re.MULTILINE | re.DOTALL))
def test_python_of_the_page_can_be_parsed(code: str) -> None:
    assert ast.parse(code).body
