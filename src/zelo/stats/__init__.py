"""Pure functions on arrays: metrics, intervals, thresholds, drift measures. numpy and scipy only."""
