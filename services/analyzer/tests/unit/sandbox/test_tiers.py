"""Which ways of holding code are tried, by machine and mode."""

import sys
from pathlib import Path

import pytest

from analyzer.sandbox import SandboxLimits, tiers
from analyzer.sandbox.limits import Layer


def test_unsafe_is_only_had_on_request() -> None:
    assert [plan.tier for plan in tiers.options("unsafe").plans] == ["unsafe"]
    assert "unsafe" not in [plan.tier for plan in tiers.options("auto").plans]


def test_every_safe_plan_has_seccomp_and_hides_files() -> None:
    for plan in tiers.options("auto").plans:
        assert Layer.seccomp in plan.layers
        assert Layer.landlock in plan.layers or plan.wrapper


def test_other_systems_run_code_on_request_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    options = tiers.options("auto")
    assert options.plans == []
    assert "darwin has neither seccomp nor Landlock" in tiers.refusal("auto", options.missing)
    assert [plan.tier for plan in tiers.options("unsafe").plans] == ["unsafe"]


def test_refusal_names_the_way_out() -> None:
    assert "WARREN_SANDBOX=unsafe" in tiers.refusal("auto", ["x is missing"])
    assert "WARREN_SANDBOX" not in tiers.refusal("unsafe", ["x is missing"])


def test_environment_of_the_zygote_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARREN_OPENROUTER_API_KEY", "secret")
    made = tiers.environment(tiers.Plan("full", frozenset(Layer)), tmp_path)
    assert "secret" not in str(made)
    assert "PATH" not in made


@pytest.mark.parametrize("bad", [{"wall_seconds": 0}, {"concurrency": 0}, {"mode": "off"}, {"unknown": 1}])
def test_limits_are_checked(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        SandboxLimits.model_validate(bad)
