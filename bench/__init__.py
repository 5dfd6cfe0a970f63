"""The budgets, measured: `python -m bench`. Everything is a ratio between things that ran in turns in one process."""

from bench.environment import settle

settle()  # handlers read their settings when they are imported
