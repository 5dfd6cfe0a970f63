"""Which tests `make test-for FILE=` runs."""

from pathlib import Path

import pytest

from tests.support.selection import main, select_tests


def test_source_file_selects_its_mirror_and_what_imports_it() -> None:
    selected = select_tests(Path("layers/core/segments/png.py"))
    assert Path("tests/unit/segments/test_png.py") in selected
    assert Path("tests/unit/segments/test_jpeg.py") not in selected
    assert Path("tests/unit/scanward/stores/test_scans.py") in select_tests(
        Path("layers/core/scanward/stores/scans.py")
    )


def test_source_file_selects_the_tests_of_its_name_in_every_layer() -> None:
    selected = select_tests(Path("functions/records/usecases/care.py"))
    assert Path("tests/unit/functions/records/routes/test_care.py") in selected


def test_shared_test_module_selects_what_imports_it() -> None:
    assert Path("tests/unit/tests/support/test_selection.py") in select_tests(Path("tests/support/selection.py"))


def test_source_file_reaches_tests_through_what_tests_share() -> None:
    # tests/support/client.py imports the accounts handler, and this test only the client.
    selected = select_tests(Path("functions/auth/handler.py"))
    assert any("functions.auth.handler" not in Path(file).read_text() for file in selected)


def test_test_file_selects_itself() -> None:
    assert select_tests(Path("tests/unit/tests/support/test_selection.py")) == [
        Path("tests/unit/tests/support/test_selection.py")
    ]


@pytest.mark.parametrize("arguments", [["no/such/file.py"], ["README.md"], ["/etc/passwd"], [], ["a.py", "b.py"]])
def test_file_that_has_no_tests_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.strip().splitlines()) == 1
