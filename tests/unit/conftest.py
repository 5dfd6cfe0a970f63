"""The shipped models; that of chest films loaded once."""

from pathlib import Path

import pytest

import imaging
from imaging.model import Model, load_model

MODELS = Path(imaging.__file__).parent.parent / "models"


@pytest.fixture(scope="session")
def models() -> Path:
    """Provide the folder of the shipped models."""
    return MODELS


@pytest.fixture(scope="session")
def model() -> Model:
    """Provide the chest model, on one thread."""
    return load_model(MODELS / "chest_xray", 1)
