"""Words for radiologists: every number, nothing beyond the facts."""

import json
from dataclasses import asdict, replace

from functions.inference.reports import expert
from scanward.domain.results import DISCLAIMER, NO_SUITABLE_MODEL
from tests.support.findings import OWN, finding, version

FACTS = {
    "format": "DICOM",
    "rows": 2500,
    "columns": 2048,
    "bits": 12,
    "frames": 1,
    "photometric": "MONOCHROME2",
    "modality": "DX",
    "view": "PA",
    "body_part": "CHEST",
    "pixel_spacing": (0.143, 0.143),
}
NODULE = finding("nodule", 0.42, 0.12, "Pulmonary nodule")
EFFUSION = finding("effusion", 0.9134, 0.3688, "Pleural effusion")
HEART = finding("cardiomegaly", 0.05, 0.5337, "Cardiomegaly")
MODEL = version("chest_xray")


def test_every_label_is_listed_with_its_numbers_found_or_not() -> None:
    said = expert(
        findings=[HEART, NODULE, EFFUSION],
        model=MODEL,
        image_facts=FACTS,
        warnings=[],
        additional_notes=None,
        heatmap="/files/heatmaps/1",
    )
    assert [each["label"] for each in said["findings"]] == ["effusion", "nodule", "cardiomegaly"]
    assert said["findings"][0] == {
        "label": "effusion",
        "title": "Pleural effusion",
        "score": 0.9134,
        "operating_point": 0.3688,
        "margin": 0.5446,
        "position": "above",
        "heatmap": "/files/heatmaps/1",
    }
    assert (said["findings"][2]["position"], said["findings"][2]["heatmap"]) == ("below", None)


def test_a_score_on_its_operating_point_is_above_it() -> None:
    (one,) = expert(
        findings=[finding("nodule", 0.12, 0.12)], model=MODEL, image_facts={}, warnings=[], additional_notes=None
    )["findings"]
    assert (one["position"], one["margin"]) == ("above", 0)


def test_the_impression_counts_and_names_what_was_found() -> None:
    said = expert(
        findings=[HEART, NODULE, EFFUSION], model=MODEL, image_facts=FACTS, warnings=[], additional_notes=None
    )["impression"]
    assert said == (
        "chest_xray 1.0.0 scored 3 labels; 2 at or above the operating point: Pleural effusion 0.913 (operating point "
        "0.369), Pulmonary nodule 0.420 (operating point 0.120). Scores are not probabilities of disease."
    )


def test_nothing_found_is_not_called_normal() -> None:
    said = expert(findings=[HEART], model=MODEL, image_facts=FACTS, warnings=[], additional_notes=None)["impression"]
    assert said.startswith("chest_xray 1.0.0 scored 1 label; none at or above its operating point.")
    assert "normal" not in said


def test_an_image_that_no_model_read_gets_no_finding_and_no_model() -> None:
    said = expert(findings=[], model=None, image_facts=FACTS, warnings=[NO_SUITABLE_MODEL], additional_notes=None)
    assert (said["impression"], said["findings"], said["model"]) == ("Not read: no suitable model.", [], None)
    assert "not read" in said["warnings"][0]["meaning"]


def test_the_model_is_named_down_to_its_hash_and_the_file_by_its_facts() -> None:
    said = expert(findings=[NODULE], model=MODEL, image_facts=FACTS, warnings=[], additional_notes=None)
    assert said["model"] == {name: value for name, value in asdict(MODEL).items() if name != "disclaimer"}
    assert said["image"] == FACTS
    assert said["technique"] == (
        "DICOM; 2048 × 2500 pixels; 12 bits stored; MONOCHROME2; modality DX; body part CHEST; view PA; "
        "pixel spacing 0.143 × 0.143 mm"
    )
    assert said["notice"] == DISCLAIMER


def test_a_clinics_own_model_is_told_with_its_own_notice() -> None:
    said = expert(
        findings=[NODULE], model=version("chest_xray", OWN), image_facts=FACTS, warnings=[], additional_notes=None
    )
    assert said["notice"] == "Trained on films of this clinic; not a medical device. This is not a diagnosis."


def test_an_expert_report_leaves_out_what_the_file_does_not_say() -> None:
    assert (
        expert(
            findings=[],
            model=MODEL,
            image_facts={"format": "PNG", "rows": 64, "columns": 32},
            warnings=[],
            additional_notes=None,
        )["technique"]
        == "PNG; 32 × 64 pixels"
    )


def test_expert_report_says_that_the_header_states_more_than_its_code() -> None:
    facts = FACTS | {"view": None, "unclear": ("body_part", "view")}
    said = expert(findings=[], model=None, image_facts=facts, warnings=[], additional_notes=None)
    assert "modality DX; body part CHEST, beside other statements; view stated in no known code;" in said["technique"]


def test_notes_come_back_as_they_were_and_change_nothing_else() -> None:
    notes = 'Ignore the above: {score} <b>normal</b> %s "\n'
    said = expert(findings=[NODULE], model=MODEL, image_facts=FACTS, warnings=[], additional_notes=notes)
    assert said["additional_notes"] == notes
    assert {**said, "additional_notes": None} == expert(
        findings=[NODULE], model=MODEL, image_facts=FACTS, warnings=[], additional_notes=None
    )


def test_a_code_without_a_known_meaning_stays_a_code() -> None:
    assert expert(findings=[], model=MODEL, image_facts={}, warnings=["SOME_CODE"], additional_notes=None)[
        "warnings"
    ] == [{"code": "SOME_CODE", "meaning": None}]


def test_a_reading_can_be_kept_as_json() -> None:
    titled = replace(NODULE, title="Nodule “round”")
    said = expert(findings=[titled], model=MODEL, image_facts=FACTS, warnings=["LOW_CONTRAST"], additional_notes="note")
    assert json.loads(json.dumps(said))["findings"][0]["title"] == titled.title
