"""What there is: frozen records without behaviour or I/O."""

from trackbook.records.check import Check
from trackbook.records.dataset import DATASET_PATH, Column, DatasetUse, FileRead, Role
from trackbook.records.environment import Environment, Git, package_key
from trackbook.records.execution import (
    SWITCHED_OFF,
    Execution,
    Failure,
    HiddenRead,
    HiddenReason,
    Outcome,
    Resources,
    Source,
    Statement,
    dataset_key,
    fault_of_tracking,
    file_key,
    is_dataset_key,
    is_file_key,
)
from trackbook.records.model import Model
from trackbook.records.origin import Inside, Origin, OriginKind
from trackbook.records.output import Output, OutputKind, OutputPart
from trackbook.records.points import LoggedPoint, LoggedPoints
from trackbook.records.reproduction import ComparedKind, Comparison, Reproduction, ReproductionVerdict
from trackbook.records.run import Artifact, MetricPoint, ModuleUse, Run, RunDetail, RunStatus, Verdict
from trackbook.records.session import Process, Session
from trackbook.records.snapshot import FILE, MODEL, DatasetVersion, Snapshot
from trackbook.records.values import JsonValue, decode, encode, json_value, strict

__all__ = [
    "DATASET_PATH",
    "FILE",
    "MODEL",
    "SWITCHED_OFF",
    "Artifact",
    "Check",
    "Column",
    "ComparedKind",
    "Comparison",
    "DatasetUse",
    "DatasetVersion",
    "Environment",
    "Execution",
    "Failure",
    "FileRead",
    "Git",
    "HiddenRead",
    "HiddenReason",
    "Inside",
    "JsonValue",
    "LoggedPoint",
    "LoggedPoints",
    "MetricPoint",
    "Model",
    "ModuleUse",
    "Origin",
    "OriginKind",
    "Outcome",
    "Output",
    "OutputKind",
    "OutputPart",
    "Process",
    "Reproduction",
    "ReproductionVerdict",
    "Resources",
    "Role",
    "Run",
    "RunDetail",
    "RunStatus",
    "Session",
    "Snapshot",
    "Source",
    "Statement",
    "Verdict",
    "dataset_key",
    "decode",
    "encode",
    "fault_of_tracking",
    "file_key",
    "is_dataset_key",
    "is_file_key",
    "json_value",
    "package_key",
    "strict",
]
