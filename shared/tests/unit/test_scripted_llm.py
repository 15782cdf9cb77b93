"""The scripted endpoint itself, also as a process of its own."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import openai

from warren.testing.scripted_llm import ScriptedLlm, Step


def ask(base_url: str, text: str) -> str | None:
    with openai.OpenAI(api_key="k", base_url=base_url, max_retries=0) as sdk:
        reply = sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": text}])
    return reply.choices[0].message.content


def test_a_step_may_wait_for_its_question_and_answer_for_ever() -> None:
    steps = [Step(reply="rain", when="weather"), Step(reply="other", times=None)]
    with ScriptedLlm(steps) as llm:
        asked = ("price?", "weather?", "weather?")
        assert [ask(llm.base_url, text) for text in asked] == ["other", "rain", "other"]


def test_it_lists_its_model() -> None:
    with ScriptedLlm() as llm, openai.OpenAI(api_key="k", base_url=llm.base_url) as sdk:
        assert [model.id for model in sdk.models.list()] == ["scripted"]


def test_it_runs_as_a_process(tmp_path: Path) -> None:
    script = tmp_path / "steps.json"
    script.write_text(json.dumps([{"reply": "hello"}]))
    command = [sys.executable, "-m", "warren.testing.scripted_llm", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert ask(process.stdout.readline().strip(), "hi") == "hello"
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
