"""Filters as SQLAlchemy's constructs, made by their shapes. The usual ones are in `statements`, compiled already."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import ColumnElement, and_, bindparam, func, select, true

from trackbook.store.sql import schema
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.core import among, asking
from trackbook.store.sql.filters import EQUAL, Shape


@lru_cache(256)
def page(shape: Shape) -> Question:
    """Return the statement of a page of runs."""
    order = (schema.runs.c.started_at, schema.runs.c.run_id)
    statement = select(schema.runs).where(condition(shape))
    statement = statement.order_by(*(order if shape.oldest_first else (column.desc() for column in order)))
    return asking(statement.limit(bindparam("limit")).offset(bindparam("offset")))


@lru_cache(256)
def count(shape: Shape) -> Question:
    """Return the statement that counts the runs."""
    return asking(select(func.count().label("count")).select_from(schema.runs).where(condition(shape)))


def condition(shape: Shape) -> ColumnElement[bool]:
    """Return the condition that a run is asked for."""
    columns = schema.runs.c
    asked = shape.asked
    conditions: list[ColumnElement[bool]] = [columns[name] == bindparam(name) for name in EQUAL if name in asked]
    if "ids" in asked:
        conditions.append(among(columns.run_id))
    if "prefix" in asked:
        beginning = func.substr(columns.run_id, 1, func.length(bindparam("prefix")))
        conditions.append(and_(columns.run_id >= bindparam("prefix"), beginning == bindparam("prefix")))
    if "tagged" in asked:
        key = select(schema.keys.c.number).where(schema.keys.c.key == bindparam("tagged")).scalar_subquery()
        conditions.append(columns.number.in_(select(schema.tags.c.run_number).where(schema.tags.c.key_number == key)))
    if shape.only_roots:
        conditions.append(columns.parent_id.is_(None))
    if shape.of_last_execution:
        links = schema.run_executions.c
        last = select(func.max(links.execution_id)).scalar_subquery()
        conditions.append(columns.number.in_(select(links.run_number).where(links.execution_id == last)))
    return and_(true(), *conditions)
