"""The gate refuses what cannot work, at its line and with a remedy, and lets analyses through."""

import pytest

from analyzer.sandbox.zygote.gate import MAX_CHARACTERS, Refused, check

REFUSED = [
    ("import os", 1, "os cannot be imported"),
    ("x = 1\nimport subprocess as s", 2, "subprocess cannot be imported"),
    ("from os import path", 1, "os cannot be imported"),
    ("from . import secrets", 1, "cannot be imported"),
    ("import seaborn as sns", 1, "seaborn is not installed; use pandas, numpy and matplotlib"),
    ("from sklearn.linear_model import LinearRegression", 1, "sklearn is not installed"),
    ("from math import *", 1, "name what you need"),
    ("from collections import _sys", 1, "_sys"),
    ("import pandas as p\np.io", 2, "module pandas.io is not available"),
    ("x = open('data.csv')", 1, "the uploaded table is already in df"),
    ("\n\nname = input()", 3, "nobody can answer"),
    ("eval('1')", 1, "eval is not available"),
    ("getattr(df, 'x')", 1, "write the attribute itself"),
    ("pd.Series(['1']).map(eval)", 1, "eval is not available"),
    ("__import__('os')", 1, "__import__ is not available"),
    ("__builtins__", 1, "__builtins__ is not available"),
    ("().__class__", 1, "underscore"),
    ("df._mgr", 1, "underscore"),
    ("(x for x in []).gi_frame", 1, "gi_frame is not available"),
    ("df = pd.read_csv('data.csv')", 1, "the uploaded table is already in df"),
    ("import pandas as p\np.read_parquet('x')", 2, "the uploaded table is already in df"),
    ("from pandas import read_csv", 1, "the uploaded table is already in df"),
    ("pd.ExcelFile('x')", 1, "files cannot be read"),
    ("np.load('x.npy')", 1, "files cannot be read"),
    ("np.savetxt('x', df)", 1, "put tables into `tables`"),
    ("df.to_csv('out.csv')", 1, "put tables into `tables`"),
    ("plt.imsave('x.png', [])", 1, "files cannot be written"),
    ("pd.io.common", 1, "module pandas.io is not available"),
    ("np.ctypeslib", 1, "module numpy.ctypeslib is not available"),
    ("df.query('@pd.io.common.os.system(1)')", 1, "plain variable"),
    ("df.query('@x[0] == 1')", 1, "plain variable"),
    ("df.eval('a.__class__')", 1, "plain variable"),
    ("async def f():\n    await x", 2, "asynchronous"),
    ("def f():\n    if True:\n        import socket", 3, "socket cannot be imported"),
    ("#" * (MAX_CHARACTERS + 1), 1, "longer than"),
    ("-" * 15_000 + "1", 1, "nested too deeply"),
]

ALLOWED = [
    "import pandas as pd, numpy as np\nimport matplotlib.pyplot as plt",
    "import matplotlib\nmatplotlib.use('Agg')",
    "from matplotlib import pyplot as plt, ticker, colors\nplt.plot([1])",
    "import matplotlib.dates as mdates\nmdates.DateFormatter('%Y')",
    "from datetime import datetime\ndatetime.strptime('2024', '%Y')",
    "from collections import Counter, defaultdict",
    "np.random.default_rng(0).normal(size=3); np.linalg.svd([[1.0]])",
    "pd.api.types.is_numeric_dtype(df['a']); pd.tseries.offsets.MonthEnd(1); pd.offsets.Day()",
    "pd.plotting.scatter_matrix(df)",
    "plt.style.use('ggplot'); plt.cm.viridis(0.5); plt.rcParams['figure.figsize'] = (8, 4)",
    "df.pipe(len); df.load; df.test; df.os",
    "df.to_dict(); df.to_string(); df['a'].to_frame().to_numpy().tolist()",
    "vars = ['a']\nfor input in vars: print(input)",
    "limit = 3\ndf.query('a > @limit and `b c` == 1')",
    "df.eval('c = a + b')",
    "'{:.2f}'.format(1.0)",
    "class A:\n    def __init__(self): self.x = 1",
    "if __name__ == '__main__': print(1)",
    "global x\nx = 1",
    "plt.savefig('chart.png'); plt.show(); plt.close('all')",
]


@pytest.mark.parametrize(("code", "line", "words"), REFUSED, ids=[code[:40] for code, _, _ in REFUSED])
def test_refuses_at_the_line_with_a_remedy(code: str, line: int, words: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(code)
    assert words in str(refusal.value)
    assert refusal.value.line == line
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("code", ALLOWED)
def test_lets_analyses_through(code: str) -> None:
    assert check(code).co_filename == "<analysis>"


def test_broken_code_is_a_syntax_error_with_its_line() -> None:
    with pytest.raises(SyntaxError) as error:
        check("x = 1\ny = (")
    assert (error.value.filename, error.value.lineno) == ("<analysis>", 2)
