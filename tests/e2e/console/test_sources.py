"""What can be told of the console without opening it."""

import importlib.resources
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Every script, style and page of the console by its path."""
    with importlib.resources.as_file(importlib.resources.files("gateway") / "console") as folder:
        return {
            path.relative_to(folder).as_posix(): path.read_text()
            for path in sorted(folder.rglob("*"))
            if path.suffix in {".js", ".css", ".html", ".svg"}
        }


def _entries(dictionary: str) -> dict[str, set[str]]:
    """Keys of a dictionary module with the names each fills in."""
    found = re.findall(r'^ {2}"([\w.]+)": (.*),$', dictionary, flags=re.MULTILINE)
    return {key: set(re.findall(r"\{(\w+)\}", text)) for key, text in found}


def test_both_languages_have_the_same_words_with_the_same_blanks(sources: dict[str, str]) -> None:
    english, russian = _entries(sources["i18n/en.js"]), _entries(sources["i18n/ru.js"])

    assert len(english) > 100
    assert english == russian


def test_every_word_that_is_asked_for_exists_and_every_word_is_used(sources: dict[str, str]) -> None:
    english = set(_entries(sources["i18n/en.js"]))
    code = "\n".join(text for path, text in sources.items() if not path.startswith("i18n/"))
    asked = set(re.findall(r'\bt\("([\w.]+)"', code)) | set(re.findall(r'\bdata-t(?:-[\w-]+)?="([\w.]+)"', code))
    # Keys that are chosen at run time stand as literals, or are made from a stage, a status or a reason.
    made = ("progress.", "error.", "microphone.", "ended.", "texts.bad.")
    chosen = {key for key in english if f'"{key}"' in code or key.startswith(made)}

    assert asked <= english
    assert english - asked - chosen == set()


def test_no_script_makes_markup_or_code_from_strings(sources: dict[str, str]) -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|srcdoc"
    )

    assert [path for path, text in sources.items() if forbidden.search(text)] == []


def test_nothing_comes_from_another_server(sources: dict[str, str]) -> None:
    namespaces = "http://www.w3.org/2000/svg"
    elsewhere = re.compile(r"(?:https?:)?//[\w-]+\.\w+")

    assert [path for path, text in sources.items() if elsewhere.search(text.replace(namespaces, ""))] == []


def test_the_page_has_no_inline_script_or_style(sources: dict[str, str]) -> None:
    page = sources["index.html"]

    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []


def test_everything_the_page_names_is_there(sources: dict[str, str]) -> None:
    names = {
        name.removeprefix("console/") for name in re.findall(r'(?:href|src)="(console/[^"]+)"', sources["index.html"])
    }
    for path, text in sources.items():
        for name in re.findall(r'(?:from |import\(|new URL\()"(\.[^"]+\.js)"', text):
            names.add(Path(path).parent.joinpath(name).as_posix())
    known = {Path(path).resolve() for path in sources}

    assert {name for name in names if Path(name).resolve() not in known} == set()
