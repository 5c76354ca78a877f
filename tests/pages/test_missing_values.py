"""No table of a page shows Python's None for what is not there."""

import ast
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "pages"


@pytest.mark.parametrize("file", sorted(PAGES.rglob("*.py")), ids=lambda path: path.name)
def test_a_table_says_how_it_shows_what_is_missing(file: Path) -> None:
    """Without a placeholder, Streamlit writes None."""
    calls = [
        one for one in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(one, ast.Call)
    ]
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("dataframe", "data_editor"):
            given = {one.arg: one.value for one in call.keywords}
            assert "placeholder" in given, f"line {call.lineno}"
            assert ast.literal_eval(given["placeholder"]) == "–", f"line {call.lineno}"
