"""The copy of a scan that says nothing of a person: the same whoever reads the scan again, and one of its study."""

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from pydicom import dcmread

from functions.inference.analysis import AnalysisDeps
from functions.inference.ingest import UploadedObject
from functions.inference.model_registry import ModelRegistry
from functions.inference.worker import Outcome, process
from imaging.dicom.deidentify import DeidentifiedCopy
from imaging.errors import bad_input
from imaging.model import Model
from scanward import clock
from scanward.domain import tasks
from scanward.domain.object_keys import deidentified_key, deidentified_with_text_key
from scanward.domain.orders import Order
from scanward.domain.tasks import Task
from scanward.stores.s3 import StorageFailed
from tests.support.cloud import ROOT
from tests.unit.functions.inference.conftest import SAMPLES, Upload

DICOM = (SAMPLES / "nodule-3.dcm").read_bytes()


def copy(inference: AnalysisDeps, task: Task) -> bytes:
    return inference.objects.get(deidentified_key(task.scan_id)).content


def read_again(inference: AnalysisDeps, of: Task) -> Outcome:
    done = inference.scans.task(of.id)
    assert done
    task = tasks.create_reanalysis(
        id=clock.fresh_id(inference.now()), of=done, requested_by=3, order=Order(), now=inference.now()
    )
    inference.scans.add_analysis(task)
    return process(inference, UploadedObject(task.scan_id, task.id, None, None))


def test_another_analysis_of_a_scan_leaves_its_copy_with_the_uids_it_has(
    inference: AnalysisDeps, uploaded: Upload
) -> None:
    task, arrival = uploaded(DICOM)
    assert process(inference, arrival) is Outcome.FINISHED
    first = copy(inference, task)
    assert dcmread(io.BytesIO(first)).SOPInstanceUID != dcmread(io.BytesIO(DICOM)).SOPInstanceUID
    assert read_again(inference, task) is Outcome.FINISHED
    assert copy(inference, task) == first


def test_copies_of_slices_that_came_one_by_one_belong_to_one_study(inference: AnalysisDeps, uploaded: Upload) -> None:
    copies = []
    for number in (1, 2):
        dataset = dcmread(io.BytesIO(DICOM))
        dataset.SOPInstanceUID, dataset.InstanceNumber = f"1.2.3.{number}", number
        file = io.BytesIO()
        dataset.save_as(file)
        task, arrival = uploaded(file.getvalue())
        assert process(inference, arrival) is Outcome.FINISHED
        copies.append(dcmread(io.BytesIO(copy(inference, task))))
    one, other = copies
    assert one.StudyInstanceUID == other.StudyInstanceUID != dcmread(io.BytesIO(DICOM)).StudyInstanceUID
    assert one.SeriesInstanceUID == other.SeriesInstanceUID
    assert one.SOPInstanceUID != other.SOPInstanceUID
    assert [one.InstanceNumber, other.InstanceNumber] == [1, 2]


def test_copy_that_is_made_after_its_accounts_key_was_forgotten_has_other_uids(
    inference: AnalysisDeps, uploaded: Upload
) -> None:
    task, arrival = uploaded(DICOM)
    assert process(inference, arrival) is Outcome.FINISHED
    first = dcmread(io.BytesIO(copy(inference, task)))
    inference.pseudonyms.forget(task.patient_id)
    assert read_again(inference, task) is Outcome.FINISHED
    assert dcmread(io.BytesIO(copy(inference, task))).StudyInstanceUID != first.StudyInstanceUID


class Unreachable(ModelRegistry):
    """Models that lie in a bucket which does not answer."""

    def for_image(self, *_: object, **__: object) -> Model | None:
        raise StorageFailed


def test_a_second_try_leaves_the_copy_of_the_first(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded(DICOM)
    with pytest.raises(StorageFailed):
        process(replace(inference, models=Unreachable(ROOT, memory_mb=1769)), arrival)
    first = copy(inference, task)
    assert process(inference, arrival) is Outcome.FINISHED
    assert copy(inference, task) == first


def film_with_text() -> bytes:
    """Return a drawn film with a name written into it."""
    dataset = dcmread(io.BytesIO(DICOM))
    image = Image.new("L", (dataset.Columns, dataset.Rows))
    ImageDraw.Draw(image).text((8, 8), "ZEBRA ANNA 1980-01-01", fill=255, font_size=18)
    pixels = np.frombuffer(dataset.PixelData, np.uint16).reshape(dataset.Rows, dataset.Columns).copy()
    pixels[np.asarray(image) > 100] = pixels.max()
    dataset.PixelData = pixels.tobytes()
    file = io.BytesIO()
    dataset.save_as(file)
    return file.getvalue()


def result_of(inference: AnalysisDeps, task: Task) -> Mapping[str, Any]:
    done = inference.scans.task(task.id)
    assert done
    assert done.result
    return done.result


def test_text_in_the_pixels_is_blanked_in_the_copy_and_kept_in_another(
    inference: AnalysisDeps, uploaded: Upload
) -> None:
    task, arrival = uploaded(film_with_text())
    assert process(inference, arrival) is Outcome.FINISHED
    result = result_of(inference, task)
    assert {"BURNED_IN_TEXT_BLANKED", "BURNED_IN_TEXT_NOT_REMOVED"} <= set(result["warnings"])
    blanked = dcmread(io.BytesIO(copy(inference, task))).pixel_array
    with_text = inference.objects.get(deidentified_with_text_key(task.scan_id)).content
    assert np.array_equal(dcmread(io.BytesIO(with_text)).pixel_array, dcmread(io.BytesIO(film_with_text())).pixel_array)
    for region in result["blanked_regions"]:
        assert set(region) == {"top", "left", "rows", "columns"}
        rows = slice(region["top"], region["top"] + region["rows"])
        assert len(np.unique(blanked[rows, region["left"] : region["left"] + region["columns"]])) == 1


def test_both_copies_are_made_again_and_alike_by_another_analysis(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded(film_with_text())
    assert process(inference, arrival) is Outcome.FINISHED
    blanked = copy(inference, task)
    for key in (deidentified_key(task.scan_id), deidentified_with_text_key(task.scan_id)):
        inference.purger.purge_key(key)
    assert read_again(inference, task) is Outcome.FINISHED
    assert copy(inference, task) == blanked
    assert inference.objects.exists(deidentified_with_text_key(task.scan_id))


def test_a_copy_that_is_not_there_is_made_by_another_analysis(inference: AnalysisDeps, uploaded: Upload) -> None:
    task, arrival = uploaded(DICOM)
    assert process(inference, arrival) is Outcome.FINISHED
    inference.purger.purge_key(deidentified_key(task.scan_id))
    assert read_again(inference, task) is Outcome.FINISHED
    assert dcmread(io.BytesIO(copy(inference, task))).PatientIdentityRemoved == "YES"


def refuse(data: bytes, *_: object) -> DeidentifiedCopy:
    raise bad_input("no copy")


@pytest.mark.parametrize(
    ("made_now", "keys"),
    [
        (lambda data, *_: DeidentifiedCopy(data, ()), (deidentified_with_text_key,)),
        (refuse, (deidentified_key, deidentified_with_text_key)),
    ],
    ids=["no text found", "refused"],
)
def test_copies_that_another_analysis_does_not_make_are_removed(
    inference: AnalysisDeps,
    uploaded: Upload,
    monkeypatch: pytest.MonkeyPatch,
    made_now: Callable[..., DeidentifiedCopy],
    keys: tuple[Callable[[int], str], ...],
) -> None:
    task, arrival = uploaded(film_with_text())
    assert process(inference, arrival) is Outcome.FINISHED
    both = (deidentified_key, deidentified_with_text_key)
    assert all(inference.objects.exists(key(task.scan_id)) for key in both)
    monkeypatch.setattr("imaging.dicom.deidentify.deidentify", made_now)  # as cleaned by a later version
    assert read_again(inference, task) is Outcome.FINISHED
    assert tuple(key for key in both if not inference.objects.exists(key(task.scan_id))) == keys
