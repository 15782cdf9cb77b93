"""What the documents say is there: files, functions, settings, error codes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SOURCES = sorted(
    path
    for folder in (
        "shared/warren",
        *(f"services/{name}/{name}" for name in ("gateway", "analyzer", "transcriber", "digest")),
    )
    for path in (ROOT / folder).rglob("*.py")
    if "testing" not in path.parts
)

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
HOP = re.compile(r"\[`[^`]+`\]\(([^)]+\.py)\)((?:,?\s+`[\w.]+`)+)")
CODE = re.compile(r"[a-z_]+\.[a-z_]+")
RAISED = {"Problem", "JobError", "TransientError", "Failure", "Hangup", "UnreadableFile", "Refused", "error"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_hop_names_a_function_that_exists() -> None:
    document = ROOT / "docs" / "follow-a-job.md"
    hops = [
        (document.parent / file, name)
        for file, names in HOP.findall(document.read_text("utf-8"))
        for name in re.findall(r"`([\w.]+)`", names)
    ]
    assert len(hops) > 10
    assert [(file.name, name) for file, name in hops if name not in _defined(file)] == []


def test_every_error_code_is_documented() -> None:
    documented = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", (ROOT / "docs" / "api.md").read_text("utf-8")))
    raised = {code for path in SOURCES for code in _codes(path)}
    assert "job.timeout" in raised
    assert sorted(raised - documented) == []


def test_every_setting_the_documents_name_exists() -> None:
    named = {name for path in DOCUMENTS for name in re.findall(r"\bWARREN_[A-Z_]+\b", path.read_text("utf-8"))}
    known = {f"WARREN_{name.upper()}" for path in ROOT.rglob("settings.py") for name in _fields(path)}
    known |= {"WARREN_X_FILE", "WARREN_"}
    assert sorted(named - known) == []


def _defined(path: Path) -> set[str]:
    """Names of functions and classes, and of methods as `Class.method`."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{item.name}" for item in node.body if hasattr(item, "name")}
    return names


def _codes(path: Path) -> set[str]:
    """Error codes that stand in calls which make errors."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            texts = [item.value for item in [*node.args[:2], *(k.value for k in node.keywords if k.arg == "code")]
                     if isinstance(item, ast.Constant) and isinstance(item.value, str)]  # fmt: skip
            if name in RAISED:
                found |= {text for text in texts if CODE.fullmatch(text)}
    return found


def _fields(path: Path) -> set[str]:
    return {
        item.target.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }
