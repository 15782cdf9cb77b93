"""Every ordinary analysis of analyses.toml runs, and gives what it should."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from analyzer.sandbox import Sandbox

ANALYSES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "analyses.toml").read_text("utf-8"))

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("name", ANALYSES)
async def test_analysis_runs(name: str, sandbox: Sandbox, sales: Path) -> None:
    expected = ANALYSES[name]
    result = await sandbox.run(expected["code"], sales)
    assert result.outcome == "ok", result
    if "value" in expected:
        assert result.value == pytest.approx(expected["value"])
    if "rows" in expected:
        assert len(result.tables[0].rows) == expected["rows"]
    if "columns" in expected:
        assert list(result.tables[0].columns) == expected["columns"]
    assert len(result.plots) == expected.get("plots", 0)
    if "data" in expected:
        data = result.plots[0].data
        assert data is not None
        assert [list(data.columns), list(data.rows[0])] == expected["data"]


async def test_table_says_how_many_rows_it_leaves_out(sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run("result = pd.concat([df] * 50)", sales)
    assert (len(result.tables[0].rows), result.tables[0].total_rows) == (1000, 12_000)


async def test_answer_tables_output_and_time_come_back(sandbox: Sandbox, sales: Path) -> None:
    code = "answer = 5\nprint('seen')\ntables = {'Продажи': df.head(2), 'one': 7}"
    result = await sandbox.run(code, sales)
    assert (result.answer, result.stdout, result.value) == ("5", "seen\n", None)
    assert [table.title for table in result.tables] == ["Продажи", "one"]
    assert result.tables[0].rows[0] == ("2024-01-01", "North", "tea", 0, 10.0)
    assert result.tables[1].rows == ((7,),)
    assert result.milliseconds > 0


async def test_cells_are_json(sandbox: Sandbox, sales: Path) -> None:
    code = """
result = pd.DataFrame({
    'integer': np.array([1], dtype='int8'), 'float': np.array([np.nan], dtype='float32'), 'flag': [np.True_],
    'moment': [pd.Timestamp('2024-02-03 04:05')], 'none': [pd.NaT], 'category': pd.Categorical(['x']),
    'length': [pd.Timedelta('1h')], 'month': [pd.Period('2024-02')], 'infinite': [np.inf], 'nul': ['a\\x00b'],
})
answer = 'half a \\ud83d character'
"""
    result = await sandbox.run(code, sales)
    assert result.outcome == "ok", result
    table = result.tables[0]
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row == {
        "integer": 1,
        "float": None,
        "flag": True,
        "moment": "2024-02-03T04:05:00",
        "none": None,
        "category": "x",
        "length": "0 days 01:00:00",
        "month": "2024-02",
        "infinite": "inf",
        "nul": "ab",
    }
    assert result.answer == "half a ? character"


@pytest.mark.parametrize(
    ("code", "error", "line"),
    [
        ("x = 1\ndf['prize']", "KeyError: 'prize' (did you mean 'price'?)", 2),
        ("df[['qty', 'Regoin']]", "KeyError: \"['Regoin'] not in index\" (did you mean 'region'?)", 1),
        ("df.groupby('regions')", "KeyError: 'regions' (did you mean 'region'?)", 1),
        (
            "df.groupby('region').agg(x=('prise', 'sum'))",
            "KeyError: \"Label(s) ['prise'] do not exist\" (did you mean 'price'?)",
            1,
        ),
        (
            "\n\ndf['colour of the sky']",
            "KeyError: 'colour of the sky' (the columns are 'date', 'region', 'product', 'qty', 'price')",
            3,
        ),
        (
            "df.pricee.mean()",
            "AttributeError: 'DataFrame' object has no attribute 'pricee' (did you mean 'price'?)",
            1,
        ),
        ("df.query('pryce > 1')", "UndefinedVariableError: name 'pryce' is not defined (did you mean 'price'?)", 1),
        ("{}['x']", "KeyError: 'x' (the columns are 'date', 'region', 'product', 'qty', 'price')", 1),
        ("x = (", "SyntaxError: '(' was never closed", 1),
        ("def f():\n    return 1 / 0\nf()", "ZeroDivisionError: division by zero", 2),
        ("raise SystemExit", "SystemExit", 1),
    ],
)
async def test_error_is_one_line_with_its_place_and_a_hint(
    code: str, error: str, line: int, sandbox: Sandbox, sales: Path
) -> None:
    result = await sandbox.run(code, sales)
    assert (result.outcome, result.error, result.line) == ("error", error, line)


async def test_output_before_an_error_is_kept(sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run("print('so far')\n1 / 0", sales)
    assert result.stdout == "so far\n"


async def test_refusal_names_the_line_and_what_to_do_instead(sandbox: Sandbox, sales: Path) -> None:
    result = await sandbox.run("import pandas as pd\ndf = pd.read_csv('data.csv')", sales)
    assert (result.outcome, result.line) == ("refused", 2)
    assert "already in df" in (result.error or "")
