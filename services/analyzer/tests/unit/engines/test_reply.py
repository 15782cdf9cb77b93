"""Finding the code, or the refusal, in what a model says."""

import pytest

from analyzer.engines.reply import extract_code, extract_refusal

CODE = "mean = df.price.mean()\nanswer = f'{mean}'"


@pytest.mark.parametrize(
    "reply",
    [
        f"```python\n{CODE}\n```",
        f"Here it is:\n\n```py\n{CODE}\n```\nIt takes the mean.",
        f"```\n{CODE}\n```",
        f"~~~python\n{CODE}\n~~~",
        f"  ```Python\n{CODE}\n  ```",
        f"First:\n```python\nx = 1\n```\nBetter:\n```python\n{CODE}\n```\n```text\n16.44\n```",
        f"<think>```python\nx = 1\n```</think>\n```python\n{CODE}\n```",
        f"```python\n{CODE}",
        CODE,
        f"```python\r\n{CODE}\r\n```".replace("\r\n", "\n"),
    ],
)
def test_the_code_is_found(reply: str) -> None:
    assert extract_code(reply) == CODE


@pytest.mark.parametrize("reply", ["", "Sorry.", "df", "CANNOT_ANSWER: no such column", "```sql\nSELECT 1\n```"])
def test_what_is_no_program_is_no_code(reply: str) -> None:
    assert extract_code(reply) == ""


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        ("CANNOT_ANSWER: There is no column about France.", "There is no column about France."),
        ("<think>CANNOT_ANSWER: maybe</think>\n**CANNOT_ANSWER:** No.", "No."),
        ("I looked.\nCANNOT_ANSWER: В таблице нет цвета неба.", "В таблице нет цвета неба."),
        (CODE, ""),
    ],
)
def test_a_refusal_is_what_follows_the_marker(reply: str, refusal: str) -> None:
    assert extract_refusal(reply) == refusal
