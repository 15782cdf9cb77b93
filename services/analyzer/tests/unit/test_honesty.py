"""Which code is refused as made up, and which honest code must not be."""

import pytest

from analyzer.frames import ColumnProfile, FrameProfile
from analyzer.honesty import Fabricated, check_reads_frame, columns_used

HONEST = {
    "an aggregate": "result = df.groupby('region')['qty'].sum()",
    "text with the value": "mean = df['price'].mean()\nanswer = f'The mean price is {mean:.2f}'",
    "a rebinding that keeps the frame": "df = df[df.price > 3]\nresult = df.head()",
    "a caption above a table": "top = 3\nanswer = f'Top {top} regions in 2014:'\nresult = df.nlargest(top, 'qty')",
    "a caption with the condition": "rows = df[df.price > 1234.5]\nanswer = 'Above 1 234.5:' + ' '\nresult = rows",
    "a figure with a fraction that the code uses": "n = (df.price > 2.5).sum()\nanswer = f'{n} above 2.5'",
    "a percentile in the text": "p = df.price.quantile(0.995)\nanswer = f'The 99.5th percentile is {p:10.2f}'",
    "a date and a version in the text": "answer = f'{len(df)} rows on 1.2.2014 in v1.2.3'",
    "a constant column": "df['n'] = 1\nresult = df.groupby('region')['n'].sum()",
    "columns renamed": "df.columns = ['a', 'b', 'c']\nresult = df.a.sum()",
    "a value filled in a loop": "rows = []\nfor name, part in df.groupby('region'):\n"
    "    rows.append((name, part.qty.sum()))\nresult = pd.DataFrame(rows, columns=['region', 'qty'])",
    "a value set by subscript": "out = {}\nout['n'] = len(df)\nresult = out",
    "a total kept by hand": "total = 0\nfor value in df.price:\n    total += value\nanswer = f'{total}'",
    "an answer chosen by the data": "if df.price.corr(df.qty) > 0.5:\n    answer = '0.5 up'\nelse:\n    answer = 'No'",
    "an answer for no column": "try:\n    answer = str(df['sky'].max())\nexcept KeyError:\n    answer = 'none'",
    "a function that is given the frame": "def mean(frame):\n    return frame.price.mean()\nanswer = str(mean(df))",
    "a function that takes the frame itself": "def mean():\n    return df.price.mean()\nanswer = str(mean())",
    "a function that fills a list": "rows = []\ndef add(x):\n    rows.append(x)\nadd(df.qty.sum())\nresult = rows",
    "a local name like an output": "def f(x):\n    result = 1\n    return x * result\nanswer = str(f(df.qty.sum()))",
    "a lambda whose parameter is called df": "result = df.pipe(lambda df: df.price.mean())",
    "a walrus": "if (n := len(df)) > 3:\n    answer = f'{n} rows'",
    "a plot of columns": "fig, ax = plt.subplots()\nax.plot(df.date, df.price)\nax.plot([0, 1], [0, 1])",
    "a plot by pandas": "df.price.plot(kind='hist')\nanswer = 'The distribution of price'",
    "month names": "names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']\n"
    "result = df.assign(m=[names[i - 1] for i in df.date.dt.month])",
    "printing only": "print(df.describe())",
    "tables by title": "tables = {}\ntables['by region'] = df.groupby('region').sum()",
    "no tables after all": "tables = {}\nanswer = str(len(df))",
    "no result yet": "result = None\nresult = df.head()",
    "not Python at all": "SELECT * FROM df",
    "a match on the data": "match len(df):\n    case 0:\n        answer = 'none'\n    case _:\n        answer = 'some'",
    "a value of the turn before": "last = None\nfor i in range(3):\n    answer = str(last)\n    last = df.qty[i]",
}

FABRICATED = {
    "a number": ("result = 42", "never reads"),
    "text": ("answer = 'The mean is 16.44'", "never reads"),
    "a table of its own": ("result = pd.DataFrame({'x': ['A', 'B'], 'y': [1, 2]})", "never reads"),
    "a frame put in place of df": ("df = pd.DataFrame({'x': [1]})\nresult = df.x.sum()", "replaces `df`"),
    "df only as a parameter": ("def f(df):\n    return df\nresult = f([1, 2])", "never reads"),
    "df only in a lambda": ("result = (lambda df: df)(3)", "never reads"),
    "df only local to a function": ("def f():\n    df = [1]\n    return df\nresult = f()", "never reads"),
    "df in a comprehension": ("result = [df for df in range(3)]", "never reads"),
    "a look at df, then a number": ("n = len(df)\nresult = 42", "`result` is made of values"),
    "a look at df, then text": ("df.head()\nanswer = 'Paris'", "Nothing that the code reports"),
    "a figure in the text beside a real table": (
        "answer = 'The mean is 16.44'\nresult = df.head()",
        "`answer` is made",
    ),
    "a figure by way of a name": ("mean = 16.44\nanswer = f'It is {mean}'\nresult = df.head()", "`answer` is made"),
    "a real value thrown away": ("result = df.qty.sum()\nresult = {'A': 1, 'B': 2}", "`result` is made of values"),
    "a plot of literals": ("answer = str(df.qty.sum())\nplt.bar(['A', 'B'], [1, 2])", "The plot is drawn"),
    "a long list": (f"result = df.assign(x={list(range(40))})", "a table of 40 values"),
    "a table as text": ("t = '" + ",".join(map(str, range(80))) + "'\nresult = df.assign(t=t)", "written as text"),
    "tables of its own": ("len(df)\ntables = {'a': pd.Series([1, 2])}", "`tables` is made"),
    "df replaced after a look": ("len(df)\ndf = pd.DataFrame({'x': [1]})\nresult = df.x.sum()", "`result` is made"),
    "len of a literal after len of df": ("len(df)\nresult = len([1, 2, 3])", "`result` is made of values"),
    "a frame of its own after a look at the shape": (
        "n = df.shape\ndf = pd.DataFrame({'x': [1, 2]})\nanswer = f'The mean is {df.x.mean()}'",
        "`answer` is made",
    ),
    "a number after a look at the length": ("x = len(df); answer = 42", "`answer` is made"),
    "a figure beside a real one": ("n = len(df)\nanswer = f'Of {n} rows the mean is 16.44'", "the figure 16.44"),
    "values written into the frame": ("df['sales'] = [10, 20, 30]\nresult = df.sales.sum()", "puts values of its own"),
    "calls nested without end": ("result = df" + ".a" * 990, "nested too deeply"),
}


@pytest.mark.parametrize("code", HONEST.values(), ids=HONEST)
def test_honest_code_passes(code: str) -> None:
    assert check_reads_frame(code) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize(("code", "reason"), FABRICATED.values(), ids=FABRICATED)
def test_made_up_code_is_refused_with_its_reason(code: str, reason: str) -> None:
    with pytest.raises(Fabricated, match=reason):
        check_reads_frame(code)


def test_deep_nesting_costs_no_time() -> None:
    loops = "".join(f"{' ' * depth}for i{depth} in df:\n" for depth in range(60)) + f"{' ' * 60}result = 1"
    check_reads_frame(loops)


def test_code_the_sandbox_refuses_anyway_is_left_to_it() -> None:
    check_reads_frame("x = 1\n" * 10_000)


def test_the_columns_a_code_names_come_in_the_order_of_the_frame() -> None:
    names = ("date", "price", "qty", "temp max", "region")
    profile = FrameProfile(
        rows=1,
        columns=tuple(
            ColumnProfile(name=name, kind="number", dtype="float64", missing=0, distinct=1) for name in names
        ),
    )
    code = "x = df.query('qty > 3 and `temp max` < 2')\nresult = x.groupby('region').price.mean()"
    assert columns_used(code, profile) == ("price", "qty", "temp max", "region")
    assert columns_used("result = df.describe()", profile) == ()
    assert columns_used("not python", profile) == ()
