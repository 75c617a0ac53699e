"""The statements that `sources` makes of the tables, compiled: nobody waits for SQLAlchemy's import.

Written by ``python tests/unit/store/write_statements.py``, never by hand.
"""

from __future__ import annotations

from trackbook.store.sql.compiled import Change, Question

ADD_EXECUTION = Change(
    (
        "INSERT INTO executions (execution_id, session_id, nth, prompt, cell_id, source, started_at, seconds, "
        "outcome, failure, reads, writes, maybe, state, hidden, outputs, statements, cpu_seconds, "
        "peak_memory_bytes, gpu_peak_memory_bytes, gpu_percent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?)"
    ),
    (
        "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
        "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
    ),
)
PUT_EXECUTION = Change(
    (
        "INSERT INTO executions (execution_id, session_id, nth, prompt, cell_id, source, started_at, seconds, "
        "outcome, failure, reads, writes, maybe, state, hidden, outputs, statements, cpu_seconds, "
        "peak_memory_bytes, gpu_peak_memory_bytes, gpu_percent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?) ON CONFLICT (execution_id) DO UPDATE SET session_id = excluded.session_id, nth = "
        "excluded.nth, prompt = excluded.prompt, cell_id = excluded.cell_id, source = excluded.source, started_at "
        "= excluded.started_at, seconds = excluded.seconds, outcome = excluded.outcome, failure = "
        "excluded.failure, reads = excluded.reads, writes = excluded.writes, maybe = excluded.maybe, state = "
        "excluded.state, hidden = excluded.hidden, outputs = excluded.outputs, statements = excluded.statements, "
        "cpu_seconds = excluded.cpu_seconds, peak_memory_bytes = excluded.peak_memory_bytes, "
        "gpu_peak_memory_bytes = excluded.gpu_peak_memory_bytes, gpu_percent = excluded.gpu_percent"
    ),
    (
        "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
        "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
    ),
)
PUT_SESSION = Change(
    (
        "INSERT INTO sessions (session_id, experiment, started_at, lease_expires_at, ended_at, host, boot, pid, "
        "process_started, user, notebook, kernel_id, environment_id, parent_run_id, folder) VALUES (?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET experiment = "
        "excluded.experiment, started_at = excluded.started_at, lease_expires_at = excluded.lease_expires_at, "
        "ended_at = excluded.ended_at, host = excluded.host, boot = excluded.boot, pid = excluded.pid, "
        "process_started = excluded.process_started, user = excluded.user, notebook = excluded.notebook, "
        "kernel_id = excluded.kernel_id, environment_id = excluded.environment_id, parent_run_id = "
        "excluded.parent_run_id, folder = excluded.folder"
    ),
    (
        "session_id experiment started_at lease_expires_at ended_at host boot pid process_started user notebook "
        "kernel_id environment_id parent_run_id folder"
    ),
)
ADD_ENVIRONMENT = Change(
    (
        "INSERT INTO environments (environment_id, python, implementation, platform, machine, packages, hardware, "
        "git_commit, git_branch, git_is_dirty, git_patch, git_remote) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (environment_id) DO NOTHING"
    ),
    (
        "environment_id python implementation platform machine packages hardware git_commit git_branch "
        "git_is_dirty git_patch git_remote"
    ),
)
ADD_RUN = Change(
    (
        "INSERT INTO runs (number, run_id, name, experiment, session_id, parent_id, started_at, finished_at, "
        "status, verdict, verdict_reason, failure, environment_id, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?)"
    ),
    (
        "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
        "failure environment_id note"
    ),
)
PUT_RUN = Change(
    (
        "UPDATE runs SET finished_at=?, status=?, verdict=?, verdict_reason=?, failure=?, environment_id=? WHERE "
        "runs.number = ?"
    ),
    "finished_at status verdict verdict_reason failure environment_id of_number",
)
MOVE_RUN = Change(
    "UPDATE runs SET name=?, experiment=?, session_id=?, parent_id=?, started_at=? WHERE runs.number = ?",
    "name experiment session_id parent_id started_at of_number",
)
ADD_KEY = Change('INSERT INTO keys (number, "key") VALUES (?, ?)', "number key")
ADD_PARAM = Change(
    "INSERT INTO params (run_number, key_number, place, value, number) VALUES (?, ?, ?, ?, ?)",
    "run_number key_number place value number",
)
PUT_TAG = Change(
    (
        "INSERT INTO tags (run_number, key_number, place, value) VALUES (?, ?, ?, ?) ON CONFLICT (run_number, "
        "key_number) DO UPDATE SET value = excluded.value"
    ),
    "run_number key_number place value",
)
PUT_LATEST = Change(
    (
        "INSERT INTO latest_metrics (run_number, key_number, place, step, time, value, text) VALUES (?, ?, ?, ?, "
        "?, ?, ?) ON CONFLICT (run_number, key_number) DO UPDATE SET step = excluded.step, time = excluded.time, "
        "value = excluded.value, text = excluded.text"
    ),
    "run_number key_number place step time value text",
)
ADD_POINT = Change(
    ("INSERT INTO metric_points (run_number, key_number, step, time, place, value, text) VALUES (?, ?, ?, ?, ?, ?, ?)"),
    "run_number key_number step time place value text",
)
ADD_POINT_AMONG = Change(
    (
        "INSERT INTO metric_points (run_number, key_number, step, time, place, value, text) SELECT ?1, ?2, ?3, "
        "?4, (SELECT coalesce(max(metric_points_1.place) + 1, 0) AS coalesce_1 FROM metric_points AS "
        "metric_points_1 WHERE metric_points_1.run_number = ?1 AND metric_points_1.key_number = ?2 AND "
        "metric_points_1.step = ?3 AND metric_points_1.time = ?4) AS anon_1, ?5, ?6"
    ),
    "",
)
PUT_DATASET = Change(
    (
        "INSERT INTO datasets (run_number, name, role, kind, rows, shape, columns, fingerprint, files, "
        "snapshot_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_number, name, role) DO UPDATE SET "
        "kind = excluded.kind, rows = excluded.rows, shape = excluded.shape, columns = excluded.columns, "
        "fingerprint = excluded.fingerprint, files = excluded.files, snapshot_id = excluded.snapshot_id"
    ),
    "run_number name role kind rows shape columns fingerprint files snapshot_id",
)
PUT_MODEL = Change(
    (
        "INSERT INTO models (run_number, model_id, name, class_name, signature, features, importances, "
        "coefficients, details, object_digest, example_snapshot) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON "
        "CONFLICT (run_number, model_id) DO UPDATE SET name = excluded.name, class_name = excluded.class_name, "
        "signature = excluded.signature, features = excluded.features, importances = excluded.importances, "
        "coefficients = excluded.coefficients, details = excluded.details, object_digest = "
        "excluded.object_digest, example_snapshot = excluded.example_snapshot"
    ),
    (
        "run_number model_id name class_name signature features importances coefficients details object_digest "
        "example_snapshot"
    ),
)
PUT_ARTIFACT = Change(
    (
        "INSERT INTO artifacts (run_number, name, place, digest, size, media_type) VALUES (?, ?, ?, ?, ?, ?) ON "
        "CONFLICT (run_number, name) DO UPDATE SET digest = excluded.digest, size = excluded.size, media_type = "
        "excluded.media_type"
    ),
    "run_number name place digest size media_type",
)
PUT_MODULE = Change(
    (
        "INSERT INTO modules (run_number, name, place, path, digest, size) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT "
        "(run_number, name) DO UPDATE SET path = excluded.path, digest = excluded.digest, size = excluded.size"
    ),
    "run_number name place path digest size",
)
ADD_ORIGIN = Change(
    (
        "INSERT INTO origins (run_number, key_number, kind, execution_id, statement, place, about) VALUES (?, ?, "
        "?, ?, ?, ?, ?) ON CONFLICT (run_number, key_number, kind, execution_id, statement) DO NOTHING"
    ),
    "run_number key_number kind execution_id statement place about",
)
ADD_LINK = Change(
    (
        "INSERT INTO run_executions (run_number, execution_id, place) VALUES (?, ?, ?) ON CONFLICT (run_number, "
        "execution_id) DO NOTHING"
    ),
    "run_number execution_id place",
)
PUT_SNAPSHOT = Change(
    (
        "INSERT INTO snapshots (snapshot_id, kind, made_at, used_at, fingerprint, restore_key, rows, columns, "
        "stored_bytes, new_bytes, profile_digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
        "(snapshot_id) DO UPDATE SET used_at = max(snapshots.used_at, excluded.used_at), profile_digest = "
        "coalesce(snapshots.profile_digest, excluded.profile_digest)"
    ),
    ("snapshot_id kind made_at used_at fingerprint restore_key rows columns stored_bytes new_bytes profile_digest"),
)
USE_SNAPSHOT = Change(
    "UPDATE snapshots SET used_at=max(snapshots.used_at, ?) WHERE snapshots.snapshot_id = ?", "used_at of_snapshot_id"
)
SET_NEW_BYTES = Change("UPDATE snapshots SET new_bytes=? WHERE snapshots.snapshot_id = ?", "new_bytes of_snapshot_id")
ADD_VERSION = Change(
    (
        "INSERT INTO dataset_versions (name, version, snapshot_id, fingerprint, made_at, session_id, run_id, "
        "execution_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    ),
    "name version snapshot_id fingerprint made_at session_id run_id execution_id",
)
ADD_CHECK = Change(
    (
        "INSERT INTO checks (check_id, name, table_name, at, is_passed, failures, sample, schema_name, "
        "schema_digest, snapshot_id, session_id, execution_id, run_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
        "?, ?) ON CONFLICT (check_id) DO NOTHING"
    ),
    (
        "check_id name table_name at is_passed failures sample schema_name schema_digest snapshot_id session_id "
        "execution_id run_id"
    ),
)
ADD_REPRODUCTION = Change(
    (
        "INSERT INTO reproductions (reproduction_id, run_id, at, verdict, reason, tolerance, environment, "
        "comparisons, seconds, slice_digest, log_digest, first_difference, details) VALUES (?, ?, ?, ?, ?, ?, ?, "
        "?, ?, ?, ?, ?, ?) ON CONFLICT (reproduction_id) DO NOTHING"
    ),
    (
        "reproduction_id run_id at verdict reason tolerance environment comparisons seconds slice_digest "
        "log_digest first_difference details"
    ),
)
REMOVE_TAG = Change("DELETE FROM tags WHERE tags.run_number = ? AND tags.key_number = ?", "of_run_number of_key_number")
SET_NOTE = Change("UPDATE runs SET note=? WHERE runs.number = ?", "note of_number")
WITHDRAW = Change("DELETE FROM runs WHERE runs.number = ?", "of_number")
NEXT_RUN = Question(
    "SELECT coalesce(max(runs.number), :coalesce_1) + :coalesce_2 AS next FROM runs",
    "next",
    (),
    {"coalesce_1": 0, "coalesce_2": 1},
)
NEXT_KEY = Question(
    "SELECT coalesce(max(keys.number), :coalesce_1) + :coalesce_2 AS next FROM keys",
    "next",
    (),
    {"coalesce_1": 0, "coalesce_2": 1},
)
KEYS = Question(
    (
        'SELECT keys."key", keys.number FROM keys WHERE keys."key" IN (SELECT anon_1.value FROM json_each(:ids) '
        "AS anon_1)"
    ),
    "key number",
    (0,),
)
RUNS_BY_ID = Question(
    (
        "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
        "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
        "runs.environment_id, runs.note FROM runs WHERE runs.run_id IN (SELECT anon_1.value FROM json_each(:ids) "
        "AS anon_1)"
    ),
    (
        "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
        "failure environment_id note"
    ),
    (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
)
RUN_NUMBER = Question("SELECT runs.number FROM runs WHERE runs.run_id = :run", "number", ())
SESSIONS = Question(
    (
        "SELECT sessions.session_id, sessions.experiment, sessions.started_at, sessions.lease_expires_at, "
        "sessions.ended_at, sessions.host, sessions.boot, sessions.pid, sessions.process_started, sessions.user, "
        "sessions.notebook, sessions.kernel_id, sessions.environment_id, sessions.parent_run_id, sessions.folder "
        "FROM sessions ORDER BY sessions.started_at, sessions.session_id"
    ),
    (
        "session_id experiment started_at lease_expires_at ended_at host boot pid process_started user notebook "
        "kernel_id environment_id parent_run_id folder"
    ),
    (0, 1, 5, 6, 9, 10, 11, 12, 13, 14),
)
SESSIONS_BY_ID = Question(
    (
        "SELECT sessions.session_id, sessions.experiment, sessions.started_at, sessions.lease_expires_at, "
        "sessions.ended_at, sessions.host, sessions.boot, sessions.pid, sessions.process_started, sessions.user, "
        "sessions.notebook, sessions.kernel_id, sessions.environment_id, sessions.parent_run_id, sessions.folder "
        "FROM sessions WHERE sessions.session_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) ORDER BY "
        "sessions.started_at, sessions.session_id"
    ),
    (
        "session_id experiment started_at lease_expires_at ended_at host boot pid process_started user notebook "
        "kernel_id environment_id parent_run_id folder"
    ),
    (0, 1, 5, 6, 9, 10, 11, 12, 13, 14),
)
EXECUTIONS_BY_ID = Question(
    (
        "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
        "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
        "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
        "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
        "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
        "WHERE executions.execution_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1)"
    ),
    (
        "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
        "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
    ),
    (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
)
PARAMS = Question(
    (
        'SELECT params.run_number, params.place AS place, keys."key", params.value FROM params JOIN keys ON '
        "keys.number = params.key_number WHERE params.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS "
        "anon_1)"
    ),
    "run_number place key value",
    (2, 3),
)
TAGS = Question(
    (
        'SELECT tags.run_number, tags.place AS place, keys."key", tags.value FROM tags JOIN keys ON keys.number = '
        "tags.key_number WHERE tags.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1)"
    ),
    "run_number place key value",
    (2, 3),
)
LATEST = Question(
    (
        'SELECT latest_metrics.run_number, latest_metrics.place AS place, keys."key", latest_metrics.step, '
        "latest_metrics.time, latest_metrics.value, latest_metrics.text FROM latest_metrics JOIN keys ON "
        "keys.number = latest_metrics.key_number WHERE latest_metrics.run_number IN (SELECT anon_1.value FROM "
        "json_each(:ids) AS anon_1)"
    ),
    "run_number place key step time value text",
    (2, 6),
)
DATASETS = Question(
    (
        "SELECT datasets.run_number, datasets.position AS place, datasets.name, datasets.role, datasets.kind, "
        "datasets.rows, datasets.shape, datasets.columns, datasets.fingerprint, datasets.files, "
        "datasets.snapshot_id FROM datasets WHERE datasets.run_number IN (SELECT anon_1.value FROM "
        "json_each(:ids) AS anon_1)"
    ),
    "run_number place name role kind rows shape columns fingerprint files snapshot_id",
    (2, 3, 4, 6, 7, 8, 9, 10),
)
MODELS = Question(
    (
        "SELECT models.run_number, models.position AS place, models.model_id, models.name, models.class_name, "
        "models.signature, models.features, models.importances, models.coefficients, models.details, "
        "models.object_digest, models.example_snapshot FROM models WHERE models.run_number IN (SELECT "
        "anon_1.value FROM json_each(:ids) AS anon_1)"
    ),
    (
        "run_number place model_id name class_name signature features importances coefficients details "
        "object_digest example_snapshot"
    ),
    (2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
)
ARTIFACTS = Question(
    (
        "SELECT artifacts.run_number, artifacts.place AS place, artifacts.name, artifacts.digest, artifacts.size, "
        "artifacts.media_type FROM artifacts WHERE artifacts.run_number IN (SELECT anon_1.value FROM "
        "json_each(:ids) AS anon_1)"
    ),
    "run_number place name digest size media_type",
    (2, 3, 5),
)
MODULES = Question(
    (
        "SELECT modules.run_number, modules.place AS place, modules.name, modules.path, modules.digest, "
        "modules.size FROM modules WHERE modules.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS "
        "anon_1)"
    ),
    "run_number place name path digest size",
    (2, 3, 4),
)
ORIGINS = Question(
    (
        'SELECT origins.run_number, origins.place AS place, keys."key", origins.kind, origins.execution_id, '
        "origins.statement, origins.about FROM origins JOIN keys ON keys.number = origins.key_number WHERE "
        "origins.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1)"
    ),
    "run_number place key kind execution_id statement about",
    (2, 3, 4, 6),
)
RUN_EXECUTIONS = Question(
    (
        "SELECT run_executions.run_number, run_executions.place AS place, run_executions.execution_id FROM "
        "run_executions WHERE run_executions.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1)"
    ),
    "run_number place execution_id",
    (2,),
)
LATEST_OF_KEYS = Question(
    (
        "SELECT latest_metrics.run_number, latest_metrics.key_number, latest_metrics.place, latest_metrics.step, "
        "latest_metrics.time, latest_metrics.value, latest_metrics.text FROM latest_metrics WHERE "
        "latest_metrics.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) AND "
        "latest_metrics.key_number IN (SELECT anon_2.value FROM json_each(:keys) AS anon_2)"
    ),
    "run_number key_number place step time value text",
    (6,),
)
LAST_PLACES = {
    "params": Question(
        (
            "SELECT params.run_number, max(params.place) AS place FROM params WHERE params.run_number IN (SELECT "
            "anon_1.value FROM json_each(:ids) AS anon_1) GROUP BY params.run_number"
        ),
        "run_number place",
        (),
    ),
    "tags": Question(
        (
            "SELECT tags.run_number, max(tags.place) AS place FROM tags WHERE tags.run_number IN (SELECT anon_1.value "
            "FROM json_each(:ids) AS anon_1) GROUP BY tags.run_number"
        ),
        "run_number place",
        (),
    ),
    "latest_metrics": Question(
        (
            "SELECT latest_metrics.run_number, max(latest_metrics.place) AS place FROM latest_metrics WHERE "
            "latest_metrics.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) GROUP BY "
            "latest_metrics.run_number"
        ),
        "run_number place",
        (),
    ),
    "artifacts": Question(
        (
            "SELECT artifacts.run_number, max(artifacts.place) AS place FROM artifacts WHERE artifacts.run_number IN "
            "(SELECT anon_1.value FROM json_each(:ids) AS anon_1) GROUP BY artifacts.run_number"
        ),
        "run_number place",
        (),
    ),
    "modules": Question(
        (
            "SELECT modules.run_number, max(modules.place) AS place FROM modules WHERE modules.run_number IN (SELECT "
            "anon_1.value FROM json_each(:ids) AS anon_1) GROUP BY modules.run_number"
        ),
        "run_number place",
        (),
    ),
    "origins": Question(
        (
            "SELECT origins.run_number, max(origins.place) AS place FROM origins WHERE origins.run_number IN (SELECT "
            "anon_1.value FROM json_each(:ids) AS anon_1) GROUP BY origins.run_number"
        ),
        "run_number place",
        (),
    ),
    "run_executions": Question(
        (
            "SELECT run_executions.run_number, max(run_executions.place) AS place FROM run_executions WHERE "
            "run_executions.run_number IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) GROUP BY "
            "run_executions.run_number"
        ),
        "run_number place",
        (),
    ),
}
RUNS_OF_EXECUTIONS = Question(
    (
        "SELECT run_executions.execution_id, runs.run_id FROM run_executions JOIN runs ON runs.number = "
        "run_executions.run_number WHERE run_executions.execution_id IN (SELECT anon_1.value FROM json_each(:ids) "
        "AS anon_1) ORDER BY runs.number"
    ),
    "execution_id run_id",
    (0, 1),
)
ENVIRONMENT = Question(
    (
        "SELECT environments.environment_id, environments.python, environments.implementation, "
        "environments.platform, environments.machine, environments.packages, environments.hardware, "
        "environments.git_commit, environments.git_branch, environments.git_is_dirty, environments.git_patch, "
        "environments.git_remote FROM environments WHERE environments.environment_id = :environment"
    ),
    (
        "environment_id python implementation platform machine packages hardware git_commit git_branch "
        "git_is_dirty git_patch git_remote"
    ),
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11),
)
HISTORY = Question(
    (
        "SELECT metric_points.step, metric_points.time, metric_points.value, metric_points.text FROM "
        "metric_points WHERE metric_points.run_number = (SELECT runs.number FROM runs WHERE runs.run_id = :run) "
        'AND metric_points.key_number = (SELECT keys.number FROM keys WHERE keys."key" = :key) ORDER BY '
        "metric_points.step, metric_points.time, metric_points.place"
    ),
    "step time value text",
    (3,),
)
LATEST_OF_KEY = Question(
    (
        "SELECT latest_metrics.step, latest_metrics.time, latest_metrics.value, latest_metrics.text FROM "
        "latest_metrics WHERE latest_metrics.run_number = (SELECT runs.number FROM runs WHERE runs.run_id = :run) "
        'AND latest_metrics.key_number = (SELECT keys.number FROM keys WHERE keys."key" = :key)'
    ),
    "step time value text",
    (3,),
)
_ASKED = (
    "ids",
    "run",
    "session",
)
EXECUTIONS = {
    "": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "ORDER BY executions.started_at, executions.nth, executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
    "ids": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "WHERE executions.execution_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) ORDER BY "
            "executions.started_at, executions.nth, executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
    "run": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "WHERE executions.execution_id IN (SELECT run_executions.execution_id FROM run_executions JOIN runs ON "
            "runs.number = run_executions.run_number WHERE runs.run_id = :run) ORDER BY executions.started_at, "
            "executions.nth, executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
    "session": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "WHERE executions.session_id = :session ORDER BY executions.started_at, executions.nth, "
            "executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
    "ids run": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "WHERE executions.execution_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) AND "
            "executions.execution_id IN (SELECT run_executions.execution_id FROM run_executions JOIN runs ON "
            "runs.number = run_executions.run_number WHERE runs.run_id = :run) ORDER BY executions.started_at, "
            "executions.nth, executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
    "ids session": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "WHERE executions.execution_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) AND "
            "executions.session_id = :session ORDER BY executions.started_at, executions.nth, executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
    "run session": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "WHERE executions.session_id = :session AND executions.execution_id IN (SELECT "
            "run_executions.execution_id FROM run_executions JOIN runs ON runs.number = run_executions.run_number "
            "WHERE runs.run_id = :run) ORDER BY executions.started_at, executions.nth, executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
    "ids run session": Question(
        (
            "SELECT executions.execution_id, executions.session_id, executions.nth, executions.prompt, "
            "executions.cell_id, executions.source, executions.started_at, executions.seconds, executions.outcome, "
            "executions.failure, executions.reads, executions.writes, executions.maybe, executions.state, "
            "executions.hidden, executions.outputs, executions.statements, executions.cpu_seconds, "
            "executions.peak_memory_bytes, executions.gpu_peak_memory_bytes, executions.gpu_percent FROM executions "
            "WHERE executions.execution_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) AND "
            "executions.session_id = :session AND executions.execution_id IN (SELECT run_executions.execution_id FROM "
            "run_executions JOIN runs ON runs.number = run_executions.run_number WHERE runs.run_id = :run) ORDER BY "
            "executions.started_at, executions.nth, executions.execution_id"
        ),
        (
            "execution_id session_id nth prompt cell_id source started_at seconds outcome failure reads writes maybe "
            "state hidden outputs statements cpu_seconds peak_memory_bytes gpu_peak_memory_bytes gpu_percent"
        ),
        (0, 1, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16),
    ),
}
SNAPSHOTS = {
    "": Question(
        (
            "SELECT snapshots.snapshot_id, snapshots.kind, snapshots.made_at, snapshots.used_at, "
            "snapshots.fingerprint, snapshots.restore_key, snapshots.rows, snapshots.columns, snapshots.stored_bytes, "
            "snapshots.new_bytes, snapshots.profile_digest FROM snapshots ORDER BY snapshots.made_at, "
            "snapshots.snapshot_id"
        ),
        ("snapshot_id kind made_at used_at fingerprint restore_key rows columns stored_bytes new_bytes profile_digest"),
        (0, 1, 4, 5, 10),
    ),
    "snapshot_id": Question(
        (
            "SELECT snapshots.snapshot_id, snapshots.kind, snapshots.made_at, snapshots.used_at, "
            "snapshots.fingerprint, snapshots.restore_key, snapshots.rows, snapshots.columns, snapshots.stored_bytes, "
            "snapshots.new_bytes, snapshots.profile_digest FROM snapshots WHERE snapshots.snapshot_id IN (SELECT "
            "anon_1.value FROM json_each(:ids) AS anon_1) ORDER BY snapshots.made_at, snapshots.snapshot_id"
        ),
        ("snapshot_id kind made_at used_at fingerprint restore_key rows columns stored_bytes new_bytes profile_digest"),
        (0, 1, 4, 5, 10),
    ),
    "fingerprint": Question(
        (
            "SELECT snapshots.snapshot_id, snapshots.kind, snapshots.made_at, snapshots.used_at, "
            "snapshots.fingerprint, snapshots.restore_key, snapshots.rows, snapshots.columns, snapshots.stored_bytes, "
            "snapshots.new_bytes, snapshots.profile_digest FROM snapshots WHERE snapshots.fingerprint IN (SELECT "
            "anon_1.value FROM json_each(:ids) AS anon_1) ORDER BY snapshots.made_at, snapshots.snapshot_id"
        ),
        ("snapshot_id kind made_at used_at fingerprint restore_key rows columns stored_bytes new_bytes profile_digest"),
        (0, 1, 4, 5, 10),
    ),
}
SNAPSHOT_OF_CONTENT = Question(
    (
        "SELECT snapshots.snapshot_id, snapshots.kind, snapshots.made_at, snapshots.used_at, "
        "snapshots.fingerprint, snapshots.restore_key, snapshots.rows, snapshots.columns, snapshots.stored_bytes, "
        "snapshots.new_bytes, snapshots.profile_digest FROM snapshots WHERE snapshots.fingerprint = :fingerprint "
        "AND snapshots.restore_key = :restore_key ORDER BY snapshots.made_at DESC LIMIT :param_1 OFFSET :param_2"
    ),
    ("snapshot_id kind made_at used_at fingerprint restore_key rows columns stored_bytes new_bytes profile_digest"),
    (0, 1, 4, 5, 10),
    {"param_1": 1, "param_2": 0},
)
SNAPSHOT_BYTES = Question(
    "SELECT count(*) AS snapshots, coalesce(sum(snapshots.new_bytes), :coalesce_1) AS bytes FROM snapshots",
    "snapshots bytes",
    (),
    {"coalesce_1": 0},
)
IDLE_SNAPSHOTS = Question(
    "SELECT snapshots.snapshot_id FROM snapshots WHERE snapshots.used_at < :since", "snapshot_id", (0,)
)
FORGET_SNAPSHOT = Change(
    (
        "DELETE FROM snapshots WHERE snapshots.snapshot_id = ? AND snapshots.used_at < ? AND NOT (EXISTS (SELECT "
        "* FROM datasets WHERE datasets.snapshot_id = snapshots.snapshot_id)) AND NOT (EXISTS (SELECT * FROM "
        "models WHERE models.example_snapshot = snapshots.snapshot_id)) AND NOT (EXISTS (SELECT * FROM "
        "dataset_versions WHERE dataset_versions.snapshot_id = snapshots.snapshot_id)) AND NOT (EXISTS (SELECT * "
        "FROM checks WHERE checks.snapshot_id = snapshots.snapshot_id))"
    ),
    "of_snapshot_id since",
)
VERSIONS = {
    "": Question(
        (
            "SELECT dataset_versions.position, dataset_versions.name, dataset_versions.version, "
            "dataset_versions.snapshot_id, dataset_versions.fingerprint, dataset_versions.made_at, "
            "dataset_versions.session_id, dataset_versions.run_id, dataset_versions.execution_id FROM "
            "dataset_versions ORDER BY dataset_versions.name, dataset_versions.version"
        ),
        "position name version snapshot_id fingerprint made_at session_id run_id execution_id",
        (1, 3, 4, 6, 7, 8),
    ),
    "name": Question(
        (
            "SELECT dataset_versions.position, dataset_versions.name, dataset_versions.version, "
            "dataset_versions.snapshot_id, dataset_versions.fingerprint, dataset_versions.made_at, "
            "dataset_versions.session_id, dataset_versions.run_id, dataset_versions.execution_id FROM "
            "dataset_versions WHERE dataset_versions.name IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) "
            "ORDER BY dataset_versions.name, dataset_versions.version"
        ),
        "position name version snapshot_id fingerprint made_at session_id run_id execution_id",
        (1, 3, 4, 6, 7, 8),
    ),
    "run_id": Question(
        (
            "SELECT dataset_versions.position, dataset_versions.name, dataset_versions.version, "
            "dataset_versions.snapshot_id, dataset_versions.fingerprint, dataset_versions.made_at, "
            "dataset_versions.session_id, dataset_versions.run_id, dataset_versions.execution_id FROM "
            "dataset_versions WHERE dataset_versions.run_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) "
            "ORDER BY dataset_versions.name, dataset_versions.version"
        ),
        "position name version snapshot_id fingerprint made_at session_id run_id execution_id",
        (1, 3, 4, 6, 7, 8),
    ),
    "snapshot_id": Question(
        (
            "SELECT dataset_versions.position, dataset_versions.name, dataset_versions.version, "
            "dataset_versions.snapshot_id, dataset_versions.fingerprint, dataset_versions.made_at, "
            "dataset_versions.session_id, dataset_versions.run_id, dataset_versions.execution_id FROM "
            "dataset_versions WHERE dataset_versions.snapshot_id IN (SELECT anon_1.value FROM json_each(:ids) AS "
            "anon_1) ORDER BY dataset_versions.name, dataset_versions.version"
        ),
        "position name version snapshot_id fingerprint made_at session_id run_id execution_id",
        (1, 3, 4, 6, 7, 8),
    ),
}
LAST_VERSIONS = Question(
    (
        "SELECT dataset_versions.position, dataset_versions.name, dataset_versions.version, "
        "dataset_versions.snapshot_id, dataset_versions.fingerprint, dataset_versions.made_at, "
        "dataset_versions.session_id, dataset_versions.run_id, dataset_versions.execution_id FROM "
        "dataset_versions JOIN (SELECT dataset_versions.name AS name, max(dataset_versions.version) AS version "
        "FROM dataset_versions WHERE dataset_versions.name IN (SELECT anon_2.value FROM json_each(:ids) AS "
        "anon_2) GROUP BY dataset_versions.name) AS anon_1 ON anon_1.name = dataset_versions.name AND "
        "dataset_versions.version = anon_1.version"
    ),
    "position name version snapshot_id fingerprint made_at session_id run_id execution_id",
    (1, 3, 4, 6, 7, 8),
)
NUMBERED_VERSIONS = Question(
    (
        "SELECT dataset_versions.position, dataset_versions.name, dataset_versions.version, "
        "dataset_versions.snapshot_id, dataset_versions.fingerprint, dataset_versions.made_at, "
        "dataset_versions.session_id, dataset_versions.run_id, dataset_versions.execution_id FROM "
        "dataset_versions WHERE dataset_versions.name IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) AND "
        "dataset_versions.version IN (SELECT anon_2.value FROM json_each(:numbers) AS anon_2)"
    ),
    "position name version snapshot_id fingerprint made_at session_id run_id execution_id",
    (1, 3, 4, 6, 7, 8),
)
CHECKS = {
    "": Question(
        (
            "SELECT checks.check_id, checks.name, checks.table_name, checks.at, checks.is_passed, checks.failures, "
            "checks.sample, checks.schema_name, checks.schema_digest, checks.snapshot_id, checks.session_id, "
            "checks.execution_id, checks.run_id FROM checks ORDER BY checks.at, checks.check_id"
        ),
        (
            "check_id name table_name at is_passed failures sample schema_name schema_digest snapshot_id session_id "
            "execution_id run_id"
        ),
        (0, 1, 2, 6, 7, 8, 9, 10, 11, 12),
    ),
    "check_id": Question(
        (
            "SELECT checks.check_id, checks.name, checks.table_name, checks.at, checks.is_passed, checks.failures, "
            "checks.sample, checks.schema_name, checks.schema_digest, checks.snapshot_id, checks.session_id, "
            "checks.execution_id, checks.run_id FROM checks WHERE checks.check_id IN (SELECT anon_1.value FROM "
            "json_each(:ids) AS anon_1) ORDER BY checks.at, checks.check_id"
        ),
        (
            "check_id name table_name at is_passed failures sample schema_name schema_digest snapshot_id session_id "
            "execution_id run_id"
        ),
        (0, 1, 2, 6, 7, 8, 9, 10, 11, 12),
    ),
    "run_id": Question(
        (
            "SELECT checks.check_id, checks.name, checks.table_name, checks.at, checks.is_passed, checks.failures, "
            "checks.sample, checks.schema_name, checks.schema_digest, checks.snapshot_id, checks.session_id, "
            "checks.execution_id, checks.run_id FROM checks WHERE checks.run_id IN (SELECT anon_1.value FROM "
            "json_each(:ids) AS anon_1) ORDER BY checks.at, checks.check_id"
        ),
        (
            "check_id name table_name at is_passed failures sample schema_name schema_digest snapshot_id session_id "
            "execution_id run_id"
        ),
        (0, 1, 2, 6, 7, 8, 9, 10, 11, 12),
    ),
    "execution_id": Question(
        (
            "SELECT checks.check_id, checks.name, checks.table_name, checks.at, checks.is_passed, checks.failures, "
            "checks.sample, checks.schema_name, checks.schema_digest, checks.snapshot_id, checks.session_id, "
            "checks.execution_id, checks.run_id FROM checks WHERE checks.execution_id IN (SELECT anon_1.value FROM "
            "json_each(:ids) AS anon_1) ORDER BY checks.at, checks.check_id"
        ),
        (
            "check_id name table_name at is_passed failures sample schema_name schema_digest snapshot_id session_id "
            "execution_id run_id"
        ),
        (0, 1, 2, 6, 7, 8, 9, 10, 11, 12),
    ),
    "snapshot_id": Question(
        (
            "SELECT checks.check_id, checks.name, checks.table_name, checks.at, checks.is_passed, checks.failures, "
            "checks.sample, checks.schema_name, checks.schema_digest, checks.snapshot_id, checks.session_id, "
            "checks.execution_id, checks.run_id FROM checks WHERE checks.snapshot_id IN (SELECT anon_1.value FROM "
            "json_each(:ids) AS anon_1) ORDER BY checks.at, checks.check_id"
        ),
        (
            "check_id name table_name at is_passed failures sample schema_name schema_digest snapshot_id session_id "
            "execution_id run_id"
        ),
        (0, 1, 2, 6, 7, 8, 9, 10, 11, 12),
    ),
}
REPRODUCTIONS = {
    "": Question(
        (
            "SELECT reproductions.reproduction_id, reproductions.run_id, reproductions.at, reproductions.verdict, "
            "reproductions.reason, reproductions.tolerance, reproductions.environment, reproductions.comparisons, "
            "reproductions.seconds, reproductions.slice_digest, reproductions.log_digest, "
            "reproductions.first_difference, reproductions.details FROM reproductions ORDER BY reproductions.at, "
            "reproductions.reproduction_id"
        ),
        (
            "reproduction_id run_id at verdict reason tolerance environment comparisons seconds slice_digest "
            "log_digest first_difference details"
        ),
        (0, 1, 3, 4, 6, 7, 9, 10, 11, 12),
    ),
    "reproduction_id": Question(
        (
            "SELECT reproductions.reproduction_id, reproductions.run_id, reproductions.at, reproductions.verdict, "
            "reproductions.reason, reproductions.tolerance, reproductions.environment, reproductions.comparisons, "
            "reproductions.seconds, reproductions.slice_digest, reproductions.log_digest, "
            "reproductions.first_difference, reproductions.details FROM reproductions WHERE "
            "reproductions.reproduction_id IN (SELECT anon_1.value FROM json_each(:ids) AS anon_1) ORDER BY "
            "reproductions.at, reproductions.reproduction_id"
        ),
        (
            "reproduction_id run_id at verdict reason tolerance environment comparisons seconds slice_digest "
            "log_digest first_difference details"
        ),
        (0, 1, 3, 4, 6, 7, 9, 10, 11, 12),
    ),
    "run_id": Question(
        (
            "SELECT reproductions.reproduction_id, reproductions.run_id, reproductions.at, reproductions.verdict, "
            "reproductions.reason, reproductions.tolerance, reproductions.environment, reproductions.comparisons, "
            "reproductions.seconds, reproductions.slice_digest, reproductions.log_digest, "
            "reproductions.first_difference, reproductions.details FROM reproductions WHERE reproductions.run_id IN "
            "(SELECT anon_1.value FROM json_each(:ids) AS anon_1) ORDER BY reproductions.at, "
            "reproductions.reproduction_id"
        ),
        (
            "reproduction_id run_id at verdict reason tolerance environment comparisons seconds slice_digest "
            "log_digest first_difference details"
        ),
        (0, 1, 3, 4, 6, 7, 9, 10, 11, 12),
    ),
}
PAGES = {
    "": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE 1 = 1 ORDER BY runs.started_at DESC, runs.run_id DESC "
            "LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE 1 = 1 ORDER BY runs.started_at, runs.run_id LIMIT :limit "
            "OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "roots": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.parent_id IS NULL ORDER BY runs.started_at DESC, "
            "runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "roots oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.parent_id IS NULL ORDER BY runs.started_at, "
            "runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "ids": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id IN (SELECT anon_1.value FROM json_each(:ids) "
            "AS anon_1) ORDER BY runs.started_at DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "ids oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id IN (SELECT anon_1.value FROM json_each(:ids) "
            "AS anon_1) ORDER BY runs.started_at, runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "ids roots": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id IN (SELECT anon_1.value FROM json_each(:ids) "
            "AS anon_1) AND runs.parent_id IS NULL ORDER BY runs.started_at DESC, runs.run_id DESC LIMIT :limit "
            "OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "ids roots oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id IN (SELECT anon_1.value FROM json_each(:ids) "
            "AS anon_1) AND runs.parent_id IS NULL ORDER BY runs.started_at, runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "prefix": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id >= :prefix AND substr(runs.run_id, :substr_1, "
            "length(:prefix)) = :prefix ORDER BY runs.started_at DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
        {"substr_1": 1},
    ),
    "prefix oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id >= :prefix AND substr(runs.run_id, :substr_1, "
            "length(:prefix)) = :prefix ORDER BY runs.started_at, runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
        {"substr_1": 1},
    ),
    "prefix roots": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id >= :prefix AND substr(runs.run_id, :substr_1, "
            "length(:prefix)) = :prefix AND runs.parent_id IS NULL ORDER BY runs.started_at DESC, runs.run_id DESC "
            "LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
        {"substr_1": 1},
    ),
    "prefix roots oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.run_id >= :prefix AND substr(runs.run_id, :substr_1, "
            "length(:prefix)) = :prefix AND runs.parent_id IS NULL ORDER BY runs.started_at, runs.run_id LIMIT :limit "
            "OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
        {"substr_1": 1},
    ),
    "name": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.name = :name ORDER BY runs.started_at DESC, "
            "runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "name oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.name = :name ORDER BY runs.started_at, runs.run_id "
            "LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "name roots": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.name = :name AND runs.parent_id IS NULL ORDER BY "
            "runs.started_at DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "name roots oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.name = :name AND runs.parent_id IS NULL ORDER BY "
            "runs.started_at, runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "experiment": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.experiment = :experiment ORDER BY runs.started_at "
            "DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "experiment oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.experiment = :experiment ORDER BY runs.started_at, "
            "runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "experiment roots": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.experiment = :experiment AND runs.parent_id IS NULL "
            "ORDER BY runs.started_at DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "experiment roots oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.experiment = :experiment AND runs.parent_id IS NULL "
            "ORDER BY runs.started_at, runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "session_id": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.session_id = :session_id ORDER BY runs.started_at "
            "DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "session_id oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.session_id = :session_id ORDER BY runs.started_at, "
            "runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "session_id roots": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.session_id = :session_id AND runs.parent_id IS NULL "
            "ORDER BY runs.started_at DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "session_id roots oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.session_id = :session_id AND runs.parent_id IS NULL "
            "ORDER BY runs.started_at, runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "parent_id": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.parent_id = :parent_id ORDER BY runs.started_at "
            "DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "parent_id oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.parent_id = :parent_id ORDER BY runs.started_at, "
            "runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "parent_id roots": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.parent_id = :parent_id AND runs.parent_id IS NULL "
            "ORDER BY runs.started_at DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "parent_id roots oldest": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.parent_id = :parent_id AND runs.parent_id IS NULL "
            "ORDER BY runs.started_at, runs.run_id LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "last": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.number IN (SELECT run_executions.run_number FROM "
            "run_executions WHERE run_executions.execution_id = (SELECT max(run_executions.execution_id) AS max_1 "
            "FROM run_executions)) ORDER BY runs.started_at DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
    "tagged": Question(
        (
            "SELECT runs.number, runs.run_id, runs.name, runs.experiment, runs.session_id, runs.parent_id, "
            "runs.started_at, runs.finished_at, runs.status, runs.verdict, runs.verdict_reason, runs.failure, "
            "runs.environment_id, runs.note FROM runs WHERE runs.number IN (SELECT tags.run_number FROM tags WHERE "
            'tags.key_number = (SELECT keys.number FROM keys WHERE keys."key" = :tagged)) ORDER BY runs.started_at '
            "DESC, runs.run_id DESC LIMIT :limit OFFSET :offset"
        ),
        (
            "number run_id name experiment session_id parent_id started_at finished_at status verdict verdict_reason "
            "failure environment_id note"
        ),
        (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13),
    ),
}
COUNTS = {
    "": Question("SELECT count(*) AS count FROM runs WHERE 1 = 1", "count", ()),
    "roots": Question("SELECT count(*) AS count FROM runs WHERE runs.parent_id IS NULL", "count", ()),
    "ids": Question(
        (
            "SELECT count(*) AS count FROM runs WHERE runs.run_id IN (SELECT anon_1.value FROM json_each(:ids) AS "
            "anon_1)"
        ),
        "count",
        (),
    ),
    "ids roots": Question(
        (
            "SELECT count(*) AS count FROM runs WHERE runs.run_id IN (SELECT anon_1.value FROM json_each(:ids) AS "
            "anon_1) AND runs.parent_id IS NULL"
        ),
        "count",
        (),
    ),
    "prefix": Question(
        (
            "SELECT count(*) AS count FROM runs WHERE runs.run_id >= :prefix AND substr(runs.run_id, :substr_1, "
            "length(:prefix)) = :prefix"
        ),
        "count",
        (),
        {"substr_1": 1},
    ),
    "prefix roots": Question(
        (
            "SELECT count(*) AS count FROM runs WHERE runs.run_id >= :prefix AND substr(runs.run_id, :substr_1, "
            "length(:prefix)) = :prefix AND runs.parent_id IS NULL"
        ),
        "count",
        (),
        {"substr_1": 1},
    ),
    "name": Question("SELECT count(*) AS count FROM runs WHERE runs.name = :name", "count", ()),
    "name roots": Question(
        "SELECT count(*) AS count FROM runs WHERE runs.name = :name AND runs.parent_id IS NULL", "count", ()
    ),
    "experiment": Question("SELECT count(*) AS count FROM runs WHERE runs.experiment = :experiment", "count", ()),
    "experiment roots": Question(
        "SELECT count(*) AS count FROM runs WHERE runs.experiment = :experiment AND runs.parent_id IS NULL", "count", ()
    ),
    "session_id": Question("SELECT count(*) AS count FROM runs WHERE runs.session_id = :session_id", "count", ()),
    "session_id roots": Question(
        "SELECT count(*) AS count FROM runs WHERE runs.session_id = :session_id AND runs.parent_id IS NULL", "count", ()
    ),
    "parent_id": Question("SELECT count(*) AS count FROM runs WHERE runs.parent_id = :parent_id", "count", ()),
    "parent_id roots": Question(
        "SELECT count(*) AS count FROM runs WHERE runs.parent_id = :parent_id AND runs.parent_id IS NULL", "count", ()
    ),
    "last": Question(
        (
            "SELECT count(*) AS count FROM runs WHERE runs.number IN (SELECT run_executions.run_number FROM "
            "run_executions WHERE run_executions.execution_id = (SELECT max(run_executions.execution_id) AS max_1 "
            "FROM run_executions))"
        ),
        "count",
        (),
    ),
    "tagged": Question(
        (
            "SELECT count(*) AS count FROM runs WHERE runs.number IN (SELECT tags.run_number FROM tags WHERE "
            'tags.key_number = (SELECT keys.number FROM keys WHERE keys."key" = :tagged))'
        ),
        "count",
        (),
    ),
}
HEAD = "0004"
SCHEMA = (
    (
        "CREATE TABLE environments ( environment_id TEXT NOT NULL, python TEXT NOT NULL, implementation TEXT NOT "
        "NULL, platform TEXT NOT NULL, machine TEXT NOT NULL, packages TEXT NOT NULL, hardware TEXT NOT NULL, "
        "git_commit TEXT, git_branch TEXT, git_is_dirty BOOLEAN, git_patch TEXT, git_remote TEXT, CONSTRAINT "
        "pk_environments PRIMARY KEY (environment_id) )"
    ),
    (
        'CREATE TABLE keys ( number INTEGER NOT NULL, "key" TEXT NOT NULL, CONSTRAINT pk_keys PRIMARY KEY '
        '(number), CONSTRAINT uq_keys_key UNIQUE ("key") )'
    ),
    (
        "CREATE TABLE sessions ( session_id TEXT NOT NULL, experiment TEXT NOT NULL, started_at BIGINT NOT NULL, "
        "lease_expires_at BIGINT NOT NULL, ended_at BIGINT, host TEXT NOT NULL, boot TEXT NOT NULL, pid BIGINT "
        "NOT NULL, process_started DOUBLE NOT NULL, user TEXT NOT NULL, notebook TEXT, kernel_id TEXT, "
        "environment_id TEXT, parent_run_id TEXT, folder TEXT, CONSTRAINT pk_sessions PRIMARY KEY (session_id) )"
    ),
    "CREATE INDEX ix_sessions_started_at ON sessions (started_at)",
    (
        "CREATE TABLE snapshots ( snapshot_id TEXT NOT NULL, kind TEXT NOT NULL, made_at BIGINT NOT NULL, used_at "
        "BIGINT NOT NULL, fingerprint TEXT, restore_key TEXT NOT NULL, rows BIGINT, columns BIGINT, stored_bytes "
        "BIGINT NOT NULL, new_bytes BIGINT NOT NULL, profile_digest TEXT, CONSTRAINT pk_snapshots PRIMARY KEY "
        "(snapshot_id) )"
    ),
    "CREATE INDEX ix_snapshots_fingerprint_restore_key ON snapshots (fingerprint, restore_key)",
    (
        "CREATE TABLE executions ( execution_id TEXT NOT NULL, session_id TEXT NOT NULL, nth BIGINT NOT NULL, "
        "prompt BIGINT, cell_id TEXT, source TEXT NOT NULL, started_at BIGINT NOT NULL, seconds DOUBLE, outcome "
        "TEXT NOT NULL, failure TEXT, reads TEXT NOT NULL, writes TEXT NOT NULL, maybe TEXT NOT NULL, state TEXT "
        "NOT NULL, hidden TEXT NOT NULL, outputs TEXT NOT NULL, statements TEXT NOT NULL, cpu_seconds DOUBLE, "
        "peak_memory_bytes BIGINT, gpu_peak_memory_bytes BIGINT, gpu_percent DOUBLE, CONSTRAINT pk_executions "
        "PRIMARY KEY (execution_id), CONSTRAINT fk_executions_session_id FOREIGN KEY(session_id) REFERENCES "
        "sessions (session_id) )"
    ),
    "CREATE INDEX ix_executions_session_id_nth ON executions (session_id, nth)",
    (
        "CREATE TABLE runs ( number INTEGER NOT NULL, run_id TEXT NOT NULL, name TEXT NOT NULL, experiment TEXT "
        "NOT NULL, session_id TEXT NOT NULL, parent_id TEXT, started_at BIGINT NOT NULL, finished_at BIGINT, "
        "status TEXT NOT NULL, verdict TEXT, verdict_reason TEXT, failure TEXT, environment_id TEXT, note TEXT, "
        "CONSTRAINT pk_runs PRIMARY KEY (number), CONSTRAINT uq_runs_run_id UNIQUE (run_id), CONSTRAINT "
        "fk_runs_session_id FOREIGN KEY(session_id) REFERENCES sessions (session_id), CONSTRAINT "
        "fk_runs_parent_id FOREIGN KEY(parent_id) REFERENCES runs (run_id) ON DELETE SET NULL DEFERRABLE "
        "INITIALLY DEFERRED )"
    ),
    "CREATE INDEX ix_runs_experiment_started_at ON runs (experiment, started_at)",
    "CREATE INDEX ix_runs_name ON runs (name)",
    "CREATE INDEX ix_runs_parent_id ON runs (parent_id)",
    "CREATE INDEX ix_runs_session_id ON runs (session_id)",
    "CREATE INDEX ix_runs_started_at ON runs (started_at)",
    (
        "CREATE TABLE artifacts ( run_number BIGINT NOT NULL, name TEXT NOT NULL, place BIGINT NOT NULL, digest "
        "TEXT NOT NULL, size BIGINT NOT NULL, media_type TEXT NOT NULL, CONSTRAINT pk_artifacts PRIMARY KEY "
        "(run_number, name), CONSTRAINT fk_artifacts_run_number FOREIGN KEY(run_number) REFERENCES runs (number) "
        "ON DELETE CASCADE ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE checks ( check_id TEXT NOT NULL, name TEXT NOT NULL, table_name TEXT NOT NULL, at BIGINT "
        "NOT NULL, is_passed BOOLEAN NOT NULL, failures BIGINT NOT NULL, sample TEXT NOT NULL, schema_name TEXT, "
        "schema_digest TEXT, snapshot_id TEXT, session_id TEXT, execution_id TEXT, run_id TEXT, CONSTRAINT "
        "pk_checks PRIMARY KEY (check_id), CONSTRAINT fk_checks_snapshot_id FOREIGN KEY(snapshot_id) REFERENCES "
        "snapshots (snapshot_id), CONSTRAINT fk_checks_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON "
        "DELETE SET NULL )"
    ),
    "CREATE INDEX ix_checks_execution_id ON checks (execution_id)",
    "CREATE INDEX ix_checks_run_id ON checks (run_id)",
    "CREATE INDEX ix_checks_snapshot_id ON checks (snapshot_id)",
    (
        "CREATE TABLE dataset_versions ( position INTEGER NOT NULL, name TEXT NOT NULL, version BIGINT NOT NULL, "
        "snapshot_id TEXT NOT NULL, fingerprint TEXT, made_at BIGINT NOT NULL, session_id TEXT, run_id TEXT, "
        "execution_id TEXT, CONSTRAINT pk_dataset_versions PRIMARY KEY (position), CONSTRAINT "
        "uq_dataset_versions_name_version UNIQUE (name, version), CONSTRAINT fk_dataset_versions_snapshot_id "
        "FOREIGN KEY(snapshot_id) REFERENCES snapshots (snapshot_id), CONSTRAINT fk_dataset_versions_run_id "
        "FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE SET NULL )"
    ),
    "CREATE INDEX ix_dataset_versions_run_id ON dataset_versions (run_id)",
    "CREATE INDEX ix_dataset_versions_snapshot_id ON dataset_versions (snapshot_id)",
    (
        "CREATE TABLE datasets ( position INTEGER NOT NULL, run_number BIGINT NOT NULL, name TEXT NOT NULL, role "
        "TEXT NOT NULL, kind TEXT NOT NULL, rows BIGINT, shape TEXT NOT NULL, columns TEXT NOT NULL, fingerprint "
        "TEXT, files TEXT NOT NULL, snapshot_id TEXT, CONSTRAINT pk_datasets PRIMARY KEY (position), CONSTRAINT "
        "uq_datasets_run_number_name_role UNIQUE (run_number, name, role), CONSTRAINT fk_datasets_run_number "
        "FOREIGN KEY(run_number) REFERENCES runs (number) ON DELETE CASCADE, CONSTRAINT fk_datasets_snapshot_id "
        "FOREIGN KEY(snapshot_id) REFERENCES snapshots (snapshot_id) )"
    ),
    "CREATE INDEX ix_datasets_fingerprint ON datasets (fingerprint)",
    "CREATE INDEX ix_datasets_snapshot_id ON datasets (snapshot_id) WHERE snapshot_id IS NOT NULL",
    (
        "CREATE TABLE latest_metrics ( run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, place BIGINT NOT "
        "NULL, step BIGINT NOT NULL, time BIGINT NOT NULL, value DOUBLE, text TEXT, CONSTRAINT pk_latest_metrics "
        "PRIMARY KEY (run_number, key_number), CONSTRAINT fk_latest_metrics_run_number FOREIGN KEY(run_number) "
        "REFERENCES runs (number) ON DELETE CASCADE ) WITHOUT ROWID"
    ),
    "CREATE INDEX ix_latest_metrics_key_number_value ON latest_metrics (key_number, value)",
    (
        "CREATE TABLE metric_points ( run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, step BIGINT NOT "
        "NULL, time BIGINT NOT NULL, place BIGINT NOT NULL, value DOUBLE, text TEXT, CONSTRAINT pk_metric_points "
        "PRIMARY KEY (run_number, key_number, step, time, place), CONSTRAINT fk_metric_points_run_number FOREIGN "
        "KEY(run_number) REFERENCES runs (number) ON DELETE CASCADE ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE models ( position INTEGER NOT NULL, run_number BIGINT NOT NULL, model_id TEXT NOT NULL, "
        "name TEXT NOT NULL, class_name TEXT NOT NULL, signature TEXT NOT NULL, features TEXT NOT NULL, "
        "importances TEXT NOT NULL, coefficients TEXT NOT NULL, details TEXT NOT NULL, object_digest TEXT, "
        "example_snapshot TEXT, CONSTRAINT pk_models PRIMARY KEY (position), CONSTRAINT "
        "uq_models_run_number_model_id UNIQUE (run_number, model_id), CONSTRAINT fk_models_run_number FOREIGN "
        "KEY(run_number) REFERENCES runs (number) ON DELETE CASCADE, CONSTRAINT fk_models_example_snapshot "
        "FOREIGN KEY(example_snapshot) REFERENCES snapshots (snapshot_id) )"
    ),
    "CREATE INDEX ix_models_example_snapshot ON models (example_snapshot) WHERE example_snapshot IS NOT NULL",
    "CREATE INDEX ix_models_model_id ON models (model_id)",
    (
        "CREATE TABLE modules ( run_number BIGINT NOT NULL, name TEXT NOT NULL, place BIGINT NOT NULL, path TEXT "
        "NOT NULL, digest TEXT NOT NULL, size BIGINT NOT NULL, CONSTRAINT pk_modules PRIMARY KEY (run_number, "
        "name), CONSTRAINT fk_modules_run_number FOREIGN KEY(run_number) REFERENCES runs (number) ON DELETE "
        "CASCADE ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE origins ( run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, kind TEXT NOT NULL, "
        "execution_id TEXT NOT NULL, statement BIGINT NOT NULL, place BIGINT NOT NULL, about TEXT NOT NULL, "
        "CONSTRAINT pk_origins PRIMARY KEY (run_number, key_number, kind, execution_id, statement), CONSTRAINT "
        "fk_origins_run_number FOREIGN KEY(run_number) REFERENCES runs (number) ON DELETE CASCADE ) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE params ( run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, place BIGINT NOT NULL, "
        "value TEXT NOT NULL, number DOUBLE, CONSTRAINT pk_params PRIMARY KEY (run_number, key_number), "
        "CONSTRAINT fk_params_run_number FOREIGN KEY(run_number) REFERENCES runs (number) ON DELETE CASCADE ) "
        "WITHOUT ROWID"
    ),
    "CREATE INDEX ix_params_number ON params (key_number, number) WHERE number IS NOT NULL",
    "CREATE INDEX ix_params_prefix ON params (key_number, substr(value, 1, 64)) WHERE number IS NULL",
    (
        "CREATE TABLE reproductions ( reproduction_id TEXT NOT NULL, run_id TEXT NOT NULL, at BIGINT NOT NULL, "
        "verdict TEXT NOT NULL, reason TEXT NOT NULL, tolerance DOUBLE NOT NULL, environment TEXT NOT NULL, "
        "comparisons TEXT NOT NULL, seconds DOUBLE, slice_digest TEXT, log_digest TEXT, first_difference TEXT, "
        "details TEXT NOT NULL, CONSTRAINT pk_reproductions PRIMARY KEY (reproduction_id), CONSTRAINT "
        "fk_reproductions_run_id FOREIGN KEY(run_id) REFERENCES runs (run_id) ON DELETE CASCADE )"
    ),
    "CREATE INDEX ix_reproductions_run_id_at ON reproductions (run_id, at)",
    (
        "CREATE TABLE run_executions ( run_number BIGINT NOT NULL, execution_id TEXT NOT NULL, place BIGINT NOT "
        "NULL, CONSTRAINT pk_run_executions PRIMARY KEY (run_number, execution_id), CONSTRAINT "
        "fk_run_executions_run_number FOREIGN KEY(run_number) REFERENCES runs (number) ON DELETE CASCADE ) "
        "WITHOUT ROWID"
    ),
    "CREATE INDEX ix_run_executions_execution_id ON run_executions (execution_id)",
    (
        "CREATE TABLE tags ( run_number BIGINT NOT NULL, key_number BIGINT NOT NULL, place BIGINT NOT NULL, value "
        "TEXT NOT NULL, CONSTRAINT pk_tags PRIMARY KEY (run_number, key_number), CONSTRAINT fk_tags_run_number "
        "FOREIGN KEY(run_number) REFERENCES runs (number) ON DELETE CASCADE ) WITHOUT ROWID"
    ),
    "CREATE INDEX ix_tags_prefix ON tags (key_number, substr(value, 1, 64))",
    (
        "CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY "
        "KEY (version_num) )"
    ),
)
