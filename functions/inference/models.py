"""The models of the layer, each loaded when first needed and kept for the life of the process."""

from pathlib import Path

from imaging.model import Model, catalogue, load_model, threads_for
from imaging.picture import ImageFacts
from imaging.suitable import suitable


class Models:
    """The folder of model folders. Raises ModelRefused for a model whose files are not what its card says."""

    def __init__(self, folder: Path, memory_mb: int) -> None:
        self._folder = folder
        self._threads = threads_for(memory_mb)
        self._loaded: dict[str, Model] = {}

    def for_image(self, facts: ImageFacts) -> Model | None:
        """A model that may read such an image, or None."""
        for name in catalogue(self._folder):
            model = self._load(name)
            if suitable(model.card, facts):
                return model
        return None

    def _load(self, name: str) -> Model:
        if name not in self._loaded:
            self._loaded[name] = load_model(self._folder / name, self._threads)
        return self._loaded[name]
