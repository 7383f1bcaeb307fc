"""Pure functions on arrays: metrics, intervals, tests, thresholds, drift measures. numpy and scipy only."""
