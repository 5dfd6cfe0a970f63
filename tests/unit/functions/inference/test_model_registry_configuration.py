"""What the configuration says of models: a slip in one entry is that model's own, and is told as soon as it is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from functions.inference.model_registry import ConfigurationError, ModelRegistry, read_configs
from imaging.errors import ModelError
from imaging.image import ImageFacts
from tests.support import networks

CT_CHEST: dict[str, Any] = {"modalities": ["CT"], "body_parts": ["CHEST"]}
CHEST = ImageFacts("DICOM", 64, 64, 8, modality="CT", body_part="CHEST")
NO_ENTRIES = {
    "brain": 7,
    "Brain!": {},
    "brain_1": {"prefix": "brain"},
    "brain_2": {"sha256": "0" * 64},
    "brain_3": {"prefix": "../brain", "sha256": "0" * 64},
    "brain_4": {"prefix": "/brain", "sha256": "0" * 64},
    "brain_5": {"prefix": "brain", "sha256": "0"},
    "brain_6": {"path": "brain"},
    "brain_7": {"accepts": {"modalities": "CT"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Provide two models of the layer that read the same."""
    for name in ("chest_ct", "lung"):
        network = networks.quarters()
        networks.write(tmp_path, networks.card(name, network, accepts=CT_CHEST), network)
    return tmp_path


@pytest.mark.parametrize("text", ["", "[]", "7", "{knee_film:", '{"brain"'])
def test_a_configuration_that_is_none_stops_the_function(text: str) -> None:
    with pytest.raises(ConfigurationError, match="MODELS: "):
        read_configs(text)


@pytest.mark.parametrize("name", NO_ENTRIES)
def test_an_entry_that_is_none_is_refused_by_itself_and_told_at_once(folder: Path, name: str) -> None:
    told: list[ModelError] = []
    served = read_configs(json.dumps({name: NO_ENTRIES[name], "lung": {"accepts": CT_CHEST}}))
    models = ModelRegistry(folder, 1769, served, on_error=told.append)
    assert [why.message.startswith(f"MODELS: {name}") for why in told] == [True]
    assert set(models.cards) == {"chest_ct", "lung"}
    assert models.load("lung").card.name == "lung"
    with pytest.raises(ModelError, match="MODELS: "):
        models.load(name)


def test_a_model_whose_entry_is_none_reads_nothing_since_nobody_knows_what_it_should(folder: Path) -> None:
    models = ModelRegistry(folder, 1769, read_configs('{"lung": {"accepts": {"modalities": []}}}'))
    assert set(models.cards) == {"chest_ct"}
    with pytest.raises(ModelError, match="lung"):
        models.for_image(CHEST, model="lung")


def test_what_is_configured_of_a_model_that_is_not_there_is_told_and_claims_no_study(folder: Path) -> None:
    told: list[ModelError] = []
    knees = {"modalities": ["DX"], "body_parts": ["KNEE"]}
    models = ModelRegistry(folder, 1769, read_configs(json.dumps({"lnug": {"accepts": knees}})), on_error=told.append)
    assert [why.message for why in told] == ["MODELS: lnug: there is no such model"]
    assert models.for_image(ImageFacts("DICOM", 64, 64, 8, modality="DX", body_part="KNEE")) is None
