"""Runs generated code, and reads uploaded files, where the kernel holds them. See `Sandbox`."""

from analyzer.sandbox.errors import SandboxUnavailable
from analyzer.sandbox.limits import SandboxLimits, Tier
from analyzer.sandbox.sandbox import Sandbox

__all__ = ["Sandbox", "SandboxLimits", "SandboxUnavailable", "Tier"]
