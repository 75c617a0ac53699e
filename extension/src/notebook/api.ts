/** A number of JSON, or the name of one that JSON has not (`NaN`, `Infinity`, `-Infinity`). */
export type Amount = number | string;

/** Whether the notebook's kernel records: `ended` is that of a kernel that is gone, `none` of one that never did. */
export type TrackingState = 'on' | 'off' | 'error' | 'ended' | 'none';

export interface ISession {
  readonly session_id: string | null;
  readonly state: TrackingState;
  /** A sentence, of what is not on. */
  readonly reason: string | null;
  readonly started_at: string | null;
}

export interface ICurrentRun {
  readonly run_id: string;
  readonly name: string;
  readonly status: string;
}

/** A metric that a cell made, and the run that it belongs to. */
export interface ICellMetric {
  readonly key: string;
  readonly value: Amount;
  readonly run_id: string;
  readonly run_name: string;
}

export interface IMark {
  readonly kind: 'stale' | 'unordered' | 'metrics';
  readonly reason: string | null;
  readonly metrics: readonly ICellMetric[];
}

export interface IMarkedCell {
  readonly cell_id: string;
  readonly source_digest: string | null;
  readonly marks: readonly IMark[];
}

/** What is known of an open notebook: whether it is recorded, its current run, and its marked cells. */
export interface INotebookAnswer {
  readonly session: ISession;
  readonly run: ICurrentRun | null;
  readonly cells: readonly IMarkedCell[];
}
