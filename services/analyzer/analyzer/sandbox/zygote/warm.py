"""Makes the zygote warm: all that an analysis may need is imported, its caches are filled, once, before the forks."""

import gc
import importlib
import io
import threading
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import pyarrow as pa
from matplotlib import font_manager

from analyzer.sandbox.zygote import gate


def warm_up() -> None:
    """Import, draw, group, convert. Leaves no figure and no thread behind.

    Raises RuntimeError when a thread stays: a fork would have its locks, but not the thread that opens them.
    """
    for name in gate.MODULES:
        importlib.import_module(name)
    _keep_own_fonts()
    _analyse()
    for thread in threading.enumerate():  # matplotlib's timer, when it had to look for fonts
        if thread is not threading.main_thread():
            thread.join()
    tasks = Path("/proc/self/task")
    if tasks.is_dir() and len(list(tasks.iterdir())) > 1:
        raise RuntimeError("a library started threads in the zygote")
    gc.collect()
    gc.freeze()  # or the forks' collector writes to every shared page


def _keep_own_fonts() -> None:
    """Forget the system's fonts, which a locked fork cannot read."""
    own = Path(mpl.get_data_path())
    manager = font_manager.fontManager
    manager.ttflist = [font for font in manager.ttflist if Path(font.fname).is_relative_to(own)]


def _analyse() -> None:
    frame = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=6), "x": range(6), "group": list("ababab")})
    repr(frame.describe())
    frame.groupby("group").x.agg(["mean", "sum"])
    frame.pivot_table(index="group", values="x", aggfunc="sum")
    frame.query("x > 2 and group == 'a'")
    frame.set_index("day").resample("ME").x.sum()
    frame["group"].str.contains("a")
    frame["day"].dt.tz_localize("UTC").dt.strftime("%Y-%m")
    pa.Table.from_pandas(frame).to_pandas(use_threads=False)
    _, (left, right) = plt.subplots(1, 2)
    frame.plot(x="day", y="x", ax=left, title="Ж $x^2$")
    frame.plot(x="group", y="x", kind="bar", ax=right)
    plt.gcf().savefig(io.BytesIO(), format="png", bbox_inches="tight")
    plt.close("all")
