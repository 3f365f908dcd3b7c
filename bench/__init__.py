"""The benchmarks: what our budgets promise, measured beside what it is compared with."""
