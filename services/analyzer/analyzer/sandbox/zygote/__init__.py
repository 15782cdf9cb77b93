"""Everything that runs in the zygote and its forks: `python -I -m analyzer.sandbox.zygote DESCRIPTOR`."""
