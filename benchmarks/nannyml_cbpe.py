"""NannyML's CBPE on windows of a Parquet file. It runs in the peers' environment, without Zelo.

Arguments: reference, windows, where the estimates go (Parquet), and the rows of a window.
"""

import sys

import nannyml
import pandas as pd

METRICS = ["f1", "precision", "recall", "accuracy", "roc_auc", "confusion_matrix"]


def main(reference: str, windows: str, target: str, rows: str) -> None:
    estimator = nannyml.CBPE(
        problem_type="classification_binary",
        y_pred_proba="score",
        y_pred="predicted",
        y_true="truth",
        metrics=METRICS,
        chunk_size=int(rows),
    )
    found = estimator.fit(pd.read_parquet(reference)).estimate(pd.read_parquet(windows))
    table = found.filter(period="analysis").to_df()
    estimates = pd.DataFrame({name: table[name]["value"] for name in METRICS if name != "confusion_matrix"})
    hits, false, missed = (
        table[name]["value"] for name in ("true_positive", "false_positive", "false_negative")
    )
    estimates["f2"] = 5 * hits / (5 * hits + false + 4 * missed)
    estimates.to_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
