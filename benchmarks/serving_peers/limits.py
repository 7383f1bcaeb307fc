"""The limit of what this stack can answer: FastAPI that does nothing, and FastAPI that checks a row."""

from __future__ import annotations

from fastapi import FastAPI

from benchmarks.serving_peers.customer import Customer

app = FastAPI()


@app.post("/empty")
async def empty() -> dict[str, str]:
    return {}


@app.post("/echo")
async def echo(customer: Customer) -> Customer:
    return customer
