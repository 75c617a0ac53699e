"""What there is: frozen records without behaviour or I/O."""

from trackbook.records.dataset import Column, DatasetUse, FileRead, Role
from trackbook.records.environment import Environment, Git
from trackbook.records.execution import Execution, Failure, Outcome, Resources, Source, Statement
from trackbook.records.model import Model
from trackbook.records.run import Artifact, MetricPoint, Run, RunDetail, RunStatus
from trackbook.records.session import Process, Session
from trackbook.records.values import JsonValue, decode, encode, json_value, strict

__all__ = [
    "Artifact",
    "Column",
    "DatasetUse",
    "Environment",
    "Execution",
    "Failure",
    "FileRead",
    "Git",
    "JsonValue",
    "MetricPoint",
    "Model",
    "Outcome",
    "Process",
    "Resources",
    "Role",
    "Run",
    "RunDetail",
    "RunStatus",
    "Session",
    "Source",
    "Statement",
    "decode",
    "encode",
    "json_value",
    "strict",
]
