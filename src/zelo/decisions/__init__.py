"""From a score to a decision: one place, used by training and by serving."""
