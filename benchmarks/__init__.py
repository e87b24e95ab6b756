"""Speed, measured as ratios between two commands run in turn; never asserted in the tests."""
