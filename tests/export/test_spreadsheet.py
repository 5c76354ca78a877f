"""No text of a table is run by a spreadsheet, and no two texts become one."""

import csv
import io

import pandas as pd
import pytest

from pap_core.comparison.table import escaped_markdown, latex, markdown
from pap_core.export.spreadsheet import harmless, spreadsheet_csv

FORMULAS = [
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "  =1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    "＝1",
    "＠SUM(A1)",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_a_text_wherever_it_stands(text: str) -> None:
    table = pd.DataFrame({"plain": ["a = b"], text: [text], "figure": [-1.5], "mixed": [None]})
    head, row = csv.reader(io.StringIO(spreadsheet_csv(table).decode(), newline=""))
    assert head[1] == row[1] == f"'{text}".replace("\r", "\n")
    assert (row[0], row[2], row[3]) == ("a = b", "-1.5", "")


@pytest.mark.parametrize("text", ["x;=1+1", "x; =1+1", "x\n=1+1", "x;\t@SUM(A1)", "x\t-1"])
def test_what_a_spreadsheet_takes_for_the_next_cell_is_no_formula(text: str) -> None:
    for cell in harmless(text).replace("\n", ";").replace("\t", ";").split(";"):
        assert not cell.strip().startswith(tuple("=+-@"))


def test_two_texts_stay_two() -> None:
    texts = [f"{quotes}{formula}" for quotes in ("", "'", "''") for formula in ("=1", "a;=1", "a;'=1", "b")]
    assert len({harmless(text) for text in texts}) == len(texts)


def test_categories_and_other_kinds_of_columns_are_texts_too() -> None:
    table = pd.DataFrame({"a": pd.Categorical(["=1"]), "b": pd.array(["=1"], dtype="string"), "c": [True]})
    assert spreadsheet_csv(table) == b"a,b,c\n'=1,'=1,True\n"


def measured(name: str, category: str) -> pd.DataFrame:
    """A table of a comparison, with one method."""
    one = {"method": name, "protocol": "strict", "low": 0.5, "high": 0.9, "mean": 0.7, "sd": 0.1}
    costs = {"milliseconds": 1.0, "parameters": 2.0, "minutes": 3.0}
    return pd.DataFrame(
        one | costs | {"class": label_class, "category": of, "metric": metric}
        for label_class in ("both", "nucleus", "cytoplasm")
        for of in ("(all)", category)
        for metric in ("jaccard", "sensitivity", "specificity", "accuracy", "precision")
    )


def test_names_are_no_markup_in_the_tables_of_a_comparison() -> None:
    name, category = "a|b\n# [c](https://evil.example) <b> \\input{x} $y$ ^~", "d|e"
    table = measured(name, category)
    lines = markdown(table, "strict").splitlines()
    assert escaped_markdown(name) == r"a\|b \# \[c\](https://evil.example) \<b\> \\input{x} \$y\$ ^\~"
    assert sum(line.startswith(f"| {escaped_markdown(name)} |") for line in lines) == 4
    assert r"| method | d\|e |" in lines
    written = latex(table, "strict", "both")
    assert r"\textbackslash{}input\{x\} \$y\$ \textasciicircum{}\textasciitilde{}" in written
    assert r"\# [c]" in written
