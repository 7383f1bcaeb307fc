"""A row of churn as a service without a contract writes it down."""

from __future__ import annotations

from pydantic import BaseModel


class Customer(BaseModel):
    id_cliente: str
    pais: str
    genero: str
    idade: int
    anos_cliente: int
    saldo_conta: float
    numero_produtos: int
    cartao_credito: str
    salario_estimado: float
    escore_credito: int
