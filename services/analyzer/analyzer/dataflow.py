"""Which names in a piece of analysis code hold something computed from the frame."""

import ast
from collections.abc import Iterable, Sequence
from typing import Self

FRAME = "df"
"""The name under which code finds the table."""
OUTPUTS = ("answer", "result", "tables")
"""The names that a run reports, besides its figures."""
_MODULES = ("pd", "np", "plt")
_DRAWING = frozenset(
    {
        *("plot", "bar", "barh", "scatter", "hist", "hist2d", "hexbin", "pie", "boxplot", "violinplot", "imshow"),
        *("fill_between", "stackplot", "step", "stem", "errorbar", "pcolormesh", "matshow", "contourf"),
    }
)
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class DataFlow(ast.NodeVisitor):
    """Follows a module statement by statement.

    `derived` are the names computed from the frame: assigned from it, filled with it, or set under a condition on it.
    A straight assignment of something else makes a name underived again; in branches and loops names only gain.
    """

    def __init__(self) -> None:
        self.derived = {FRAME}
        self.literals: dict[str, ast.expr] = {}
        """What the other names were last set to."""
        self.draws: list[bool] = []
        """For each call that draws: whether it draws something derived."""
        self.compared: set[object] = set()
        """Constants that are used together with the frame, such as those of a condition."""
        self.reads_frame = False
        self.rebinds_frame = False
        self._modules = set(_MODULES)
        self._nesting = 0
        self._looping = False
        self._implied = False

    @classmethod
    def of(cls, tree: ast.Module) -> Self:
        flow = cls()
        flow._block(tree.body)
        return flow

    @property
    def invented(self) -> dict[str, ast.expr]:
        """The outputs that do not depend on the frame."""
        return {name: self.literals[name] for name in OUTPUTS if name in self.literals}

    @property
    def reports_frame(self) -> bool:
        """Whether an output or a drawing depends on the frame."""
        return any(name in self.derived for name in OUTPUTS) or any(self.draws)

    def visit_Assign(self, node: ast.Assign) -> None:
        derived = self._evaluate(node.value)
        for target in node.targets:
            self._bind(target, derived, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._bind(node.target, self._evaluate(node.value), node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        before = isinstance(node.target, ast.Name) and node.target.id in self.derived
        self._bind(node.target, self._evaluate(node.value) or before, node.value)

    def visit_Expr(self, node: ast.Expr) -> None:
        derived = self._evaluate(node.value)
        # `rows.append(df.x.mean())` puts the frame into `rows`; `plt.plot(df.x)` does not put it into `plt`.
        if derived and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            owner = base_name(node.value.func)
            if owner and owner not in self._modules:
                self._gain(owner)

    def visit_For(self, node: ast.For) -> None:
        derived = self._evaluate(node.iter)
        self._nesting += 1
        self._bind(node.target, derived, node.iter)
        self._nesting -= 1
        self._loop(node, derived)

    def visit_While(self, node: ast.While) -> None:
        self._loop(node, self._evaluate(node.test))

    def visit_If(self, node: ast.If) -> None:
        derived = self._evaluate(node.test)
        self._branch([*node.body, *node.orelse], implied=derived)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            derived = self._evaluate(item.context_expr)
            if item.optional_vars is not None:
                self._bind(item.optional_vars, derived, item.context_expr)
        self._block(node.body)

    def visit_Try(self, node: ast.Try) -> None:
        # Whether the handler runs depends on what the body did with the frame.
        reads = any(self._is_derived(statement) for statement in node.body)
        handlers = [statement for handler in node.handlers for statement in handler.body]
        self._branch([*node.body, *node.orelse, *node.finalbody], implied=False)
        self._branch(handlers, implied=reads)

    def visit_Match(self, node: ast.Match) -> None:
        derived = self._evaluate(node.subject)
        self._branch([statement for case in node.cases for statement in case.body], implied=derived)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if self._evaluate(node):
            self._gain(node.name)
        # Its parameters may be given anything: inside, they count as derived, so that `rows.append(x)` fills `rows`.
        parameters = _parameters(node) - self.derived
        self.derived |= parameters
        outside = set(self.literals)
        self._branch(node.body, implied=False)
        self.derived -= parameters
        self.literals = {name: value for name, value in self.literals.items() if name in outside}

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if self._evaluate(node):
            self._gain(node.name)

    def visit_alias(self, node: ast.alias) -> None:
        self._modules.add(node.asname or node.name.partition(".")[0])

    def _block(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

    def _loop(self, node: ast.For | ast.While, derived: bool) -> None:
        # What one turn leaves behind the next one finds, so there are two. A loop inside has its two turns by then;
        # more would double with every level.
        turns = 1 if self._looping else 2
        before, self._looping = self._looping, True
        self._branch(node.body * turns, implied=derived)
        self._looping = before
        self._branch(node.orelse, implied=derived)

    def _branch(self, statements: Sequence[ast.stmt], *, implied: bool) -> None:
        before, self._implied = self._implied, self._implied or implied
        self._nesting += 1
        self._block(statements)
        self._nesting -= 1
        self._implied = before

    def _evaluate(self, node: ast.AST) -> bool:
        """Whether evaluating this gives something derived; notes reads, drawings and `:=` on the way."""
        loads = free_loads(node)
        if FRAME in loads and FRAME in self.derived:
            self.reads_frame = True
        derived = not loads.isdisjoint(self.derived)
        for child in ast.walk(node):
            if isinstance(child, ast.Constant) and derived:
                self.compared.add(child.value)
            elif isinstance(child, ast.NamedExpr):
                self._bind(child.target, self._is_derived(child.value), child.value)
            elif isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr in _DRAWING:
                self.draws.append(self._implied or self._is_derived(child))
        return derived

    def _is_derived(self, node: ast.AST) -> bool:
        return not free_loads(node).isdisjoint(self.derived)

    def _bind(self, target: ast.expr, derived: bool, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for element in target.elts:
                self._bind(element, derived, value)
        elif isinstance(target, ast.Starred):
            self._bind(target.value, derived, value)
        elif not isinstance(target, ast.Name):
            # `table["x"] = df.x` and `table[df.x > 1] = 0` both put the frame into `table`.
            owner = base_name(target)
            if owner and (derived or self._implied or self._is_derived(target)):
                self._gain(owner)
        elif derived or self._implied:
            self._gain(target.id)
        else:
            self._lose(target.id, value)

    def _gain(self, name: str) -> None:
        self.derived.add(name)
        self.literals.pop(name, None)

    def _lose(self, name: str, value: ast.expr) -> None:
        if name in self.derived and self._nesting:
            return
        self.derived.discard(name)
        if name == FRAME:
            self.rebinds_frame = True
        self.literals[name] = value


def free_loads(node: ast.AST) -> set[str]:
    """The names an expression or statement reads that it does not bind itself, as a lambda binds its parameters."""
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    inner: set[str] = set()
    for child in ast.iter_child_nodes(node):
        inner |= free_loads(child)
    if isinstance(node, _Scope):
        return inner - _parameters(node) - _stored(node)
    if isinstance(node, _Comprehension):
        return inner - {name for generator in node.generators for name in _stored(generator.target)}
    return inner


def _parameters(node: _Scope) -> set[str]:
    return {child.arg for child in ast.walk(node.args) if isinstance(child, ast.arg)}


def _stored(node: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)}


def base_name(node: ast.AST) -> str | None:
    """`rows` of `rows[0].items.append`."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call | ast.Starred):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None
