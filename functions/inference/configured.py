"""The models that a function's configuration names, and whom it tells of those that it cannot serve."""

from pathlib import Path

from aws_lambda_powertools import Logger

from functions.inference.models import Models, Tell
from functions.inference.served import ModelSettings
from imaging.refusal import ModelRefused
from scanward.stores.model_files import ModelFiles


def configured_models(settings: ModelSettings, folder: Path, memory_mb: int, tell: Tell | None = None) -> Models:
    """Those of a folder, and those that the settings name in S3."""
    files = ModelFiles(settings.bucket, settings.prefix)
    return Models(folder, memory_mb, settings.served, files.get, tell)


def telling(log: Logger) -> Tell:
    """Tells the function's log, and CloudWatch."""

    def tell(refusal: ModelRefused) -> None:
        from functions.inference.measures import measure_refused  # noqa: PLC0415 - a good start does without

        log.error("model refused", extra={"why": refusal.message})
        measure_refused()

    return tell
