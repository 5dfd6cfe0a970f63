"""What a result says, and what it does not invent."""

from hypothesis import given
from hypothesis import strategies as st

from scanward.domain.results import AnalysisResult, Finding, ModelVersion

SCORES = st.floats(0, 1)


@given(st.lists(st.tuples(SCORES, SCORES), min_size=1))
def test_confidence_is_a_score_that_was_given(given_scores: list[tuple[float, float]]) -> None:
    findings = tuple(
        Finding(label=f"label-{n}", title="", score=score, operating_point=point, found=score >= point)
        for n, (score, point) in enumerate(given_scores)
    )
    result = AnalysisResult(findings, None, {}, {})
    found = [f for f in findings if f.found]
    assert set(result.pathologies) == {f.label for f in found}
    highest = max(f.score for f in (found or findings))
    assert result.confidence == round(highest if found else 1 - highest, 4)


def test_confidence_without_a_model_is_0() -> None:
    said = AnalysisResult(findings=(), model=None, image={}, timings={}, warnings=("NO_SUITABLE_MODEL",)).to_dict()
    assert (said["pathologies"], said["confidence"], said["model"]) == ([], 0, None)
    assert said["notice"] == "This is not a diagnosis."


def test_a_result_tells_the_notice_of_the_model_that_made_it() -> None:
    told = AnalysisResult(
        (),
        ModelVersion(
            name="knee", version="1", sha256="ab" * 32, preprocessing="crop/1", disclaimer="trained on our films."
        ),
        {},
        {},
    ).to_dict()
    assert told["notice"] == "Trained on our films. This is not a diagnosis."
    assert told["model"] == {"name": "knee", "version": "1", "sha256": "ab" * 32, "preprocessing": "crop/1"}
