"""The rules that lead from evidence to a cause, by what they look at."""
