"""Refuses code that cannot work here before it is run, in words that a model can repair from.

This is no boundary: whoever wants to get past it will. The kernel holds what does.
"""

import ast
import importlib
import re
import types

MAX_CHARACTERS = 20_000

FILE_NAME = "<analysis>"
"""Stands in tracebacks for the code."""

_MODULES = """
    calendar collections dataclasses datetime decimal fractions functools itertools json math matplotlib
    matplotlib.dates matplotlib.pyplot matplotlib.ticker numbers numpy operator pandas random re statistics string
    textwrap time typing unicodedata warnings zoneinfo
"""
MODULES = frozenset(_MODULES.split())
"""What an analysis may import."""

_INNER = """
    matplotlib.axes matplotlib.cm matplotlib.collections matplotlib.colors matplotlib.figure matplotlib.gridspec
    matplotlib.lines matplotlib.patches matplotlib.style matplotlib.transforms numpy.fft numpy.linalg numpy.ma
    numpy.polynomial numpy.random pandas.api pandas.api.types pandas.plotting pandas.tseries pandas.tseries.offsets
"""
_SUBMODULES = frozenset(_INNER.split()) | {name for name in MODULES if "." in name}
_NOT_INSTALLED = frozenset({"altair", "bokeh", "plotly", "polars", "scipy", "seaborn", "sklearn", "statsmodels"})

_READING = "files cannot be read; the uploaded table is already in df"
_WRITING = "files cannot be written; put tables into `tables` (title → DataFrame) and leave figures open"

_USELESS = "breakpoint compile delattr eval exec exit globals help locals quit setattr vars"
_NAMES = dict.fromkeys(_USELESS.split(), "") | {
    "open": _READING,
    "input": "nobody can answer; put what you found into `answer`",
    "getattr": "write the attribute itself",
}

_READERS = "fromfile memmap loadtxt genfromtxt fromregex open_memmap DataSource imread ExcelFile HDFStore"
_WRITERS = """
    tofile savez savez_compressed savetxt imsave ExcelWriter to_csv to_excel to_parquet to_pickle to_feather to_hdf
    to_sql to_stata to_orc to_gbq to_clipboard to_xml to_iceberg
"""
_FRAMES = "gi_frame gi_code cr_frame f_back f_globals f_locals f_builtins tb_frame mro"
_ATTRIBUTES = (
    dict.fromkeys(_READERS.split(), _READING)
    | dict.fromkeys(_WRITERS.split(), _WRITING)
    | dict.fromkeys(_FRAMES.split(), "")
)
# What other objects may well have: refused behind a module only.
_OF_MODULES = _ATTRIBUTES | {"load": _READING, "save": _WRITING}
_QUERY_TRICKS = re.compile(r"@\s*\w+\s*[.(\[]|__")


class Refused(Exception):
    """The code was not run. `line` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def check(code: str) -> types.CodeType:
    """The compiled code. Raises `Refused`, or SyntaxError for what is no Python."""
    if len(code) > MAX_CHARACTERS:
        raise Refused(f"the code is longer than {MAX_CHARACTERS} characters", 1)
    try:
        tree = ast.parse(code, FILE_NAME)
        _Checker(tree).visit(tree)
        return compile(tree, FILE_NAME, "exec")
    except (RecursionError, MemoryError):
        raise Refused("the code is nested too deeply", 1) from None


class _Checker(ast.NodeVisitor):
    """Walks the tree in the order of the code, and remembers which names stand for modules."""

    def __init__(self, tree: ast.Module) -> None:
        names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
        self._own_names = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        self._modules = {"pd": "pandas", "np": "numpy", "plt": "matplotlib.pyplot"}

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            _check_import(alias.name, node.lineno)
            self._modules[alias.asname or alias.name.partition(".")[0]] = (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        _check_import("." * node.level + module, node.lineno)
        for alias in node.names:
            if alias.name == "*" or alias.name.startswith("_"):
                raise Refused(f"import of {alias.name} from {module} is not possible; name what you need", node.lineno)
            self._check_attribute(module, alias.name, node.lineno)
            inner = _inner_module(module, alias.name)
            if inner:
                self._modules[alias.asname or alias.name] = inner

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in _NAMES and node.id not in self._own_names:
            _refuse(f"{node.id} is not available", _NAMES[node.id], node.lineno)
        if node.id.startswith("__") and node.id != "__name__":
            raise Refused(f"{node.id} is not available", node.lineno)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        self._check_attribute(self._module_of(node.value), node.attr, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("query", "eval"):
            _check_query(node)
        self.generic_visit(node)

    def visit_Await(self, node: ast.Await) -> None:
        raise Refused("asynchronous code is not possible", node.lineno)

    def _check_attribute(self, module: str | None, name: str, line: int) -> None:
        if name.startswith("_"):
            raise Refused(f".{name}: names that begin with an underscore are not available", line)
        if module is None:
            if name in _ATTRIBUTES:
                _refuse(f".{name} is not available", _ATTRIBUTES[name], line)
            return
        if module == "pandas" and name.startswith("read_"):
            _refuse(f"pd.{name} is not available", _READING, line)
        if name in _OF_MODULES:
            _refuse(f"{module}.{name} is not available", _OF_MODULES[name], line)
        inner = _inner_module(module, name)
        if inner and inner not in _SUBMODULES and inner not in MODULES:
            raise Refused(f"the module {inner} is not available", line)

    def _module_of(self, node: ast.expr) -> str | None:
        """The module that an expression like `plt` or `np.random` stands for."""
        if isinstance(node, ast.Name):
            return self._modules.get(node.id)
        if isinstance(node, ast.Attribute):
            parent = self._module_of(node.value)
            return _inner_module(parent, node.attr) if parent else None
        return None


def _check_import(module: str, line: int) -> None:
    if module in MODULES or module in _SUBMODULES:
        return
    root = module.partition(".")[0]
    if root in _NOT_INSTALLED:
        raise Refused(f"{root} is not installed; use pandas, numpy and matplotlib", line)
    raise Refused(f"{module} cannot be imported; pandas, numpy, matplotlib and modules like math and re can", line)


def _check_query(call: ast.Call) -> None:
    texts = [part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if any(_QUERY_TRICKS.search(text) for text in texts):
        raise Refused("in query() and eval(), @name may only be a plain variable", call.lineno)


def _inner_module(module: str, name: str) -> str | None:
    """Full name of the module that `module.name` stands for, if it stands for one."""
    found = getattr(importlib.import_module(module), name, None)
    return found.__name__ if isinstance(found, types.ModuleType) else None


def _refuse(what: str, instead: str, line: int) -> None:
    raise Refused(f"{what}: {instead}" if instead else what, line)
