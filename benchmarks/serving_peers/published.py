"""The pattern that tutorials publish: a fitted pipeline in a pickle, a data frame of one row, no ledger."""

from __future__ import annotations

import os

import joblib
import pandas as pd
from fastapi import FastAPI

from benchmarks.serving_peers.customer import Customer

app = FastAPI()
model = joblib.load(os.environ["CHURN_JOBLIB"])


@app.post("/predict")
def predict(customer: Customer) -> dict[str, float]:
    frame = pd.DataFrame([customer.model_dump()])
    return {"score": float(model.predict_proba(frame)[0, 1])}
