import { Json } from '../components/format';

export interface IComparedRun {
  readonly run_id: string;
  readonly name: string;
  readonly experiment: string;
}

/** A key in each run. What a run doesn't have is null, and false in `present`. */
export interface IRow {
  readonly section: 'params' | 'metrics' | 'data' | 'model' | 'modules' | 'environment';
  readonly key: string;
  readonly values: readonly Json[];
  readonly present: readonly boolean[];
  readonly differs: boolean;
  readonly differences: readonly (number | null)[];
  readonly higher_is_better: boolean | null;
  /** The places of the runs that do best; none where that is not known. */
  readonly best: readonly number[];
}

/** Runs side by side, as `trackbook compare --json` says it. */
export interface IComparison {
  readonly baseline: string;
  readonly runs: readonly IComparedRun[];
  readonly rows: readonly IRow[];
  /** Runs that were asked for and are not there. */
  readonly missing?: readonly IMissing[];
}

export interface IMissing {
  readonly run: string;
  readonly message: string;
}

export interface ISeries {
  readonly key: string;
  readonly points: readonly { readonly step: number; readonly value: number | string; readonly time: string }[];
  readonly total: number;
}

export interface ILine {
  readonly sign: ' ' | '-' | '+';
  readonly before: number | null;
  readonly after: number | null;
  readonly text: string;
}

export interface IDiffExecution {
  readonly execution_id: string;
  readonly cell_id: string | null;
  readonly index: number;
  readonly outcome: string;
  readonly failure: string | null;
}

export interface IDiffOutput {
  readonly change: string;
  readonly kind: string | null;
  readonly name: string | null;
  readonly media_type: string;
  readonly lines: readonly ILine[];
}

export interface IDiffCell {
  readonly change: 'same' | 'edited' | 'added' | 'removed';
  readonly is_moved: boolean;
  readonly before: IDiffExecution | null;
  readonly after: IDiffExecution | null;
  readonly lines: readonly ILine[];
  readonly outputs: readonly IDiffOutput[];
}

export interface IDiffTable {
  readonly name: string;
  readonly rows: number | null;
  readonly shape: readonly number[];
  readonly fingerprint: string | null;
}

export interface IDiffData {
  readonly name: string;
  readonly same: boolean;
  readonly before: IDiffTable | null;
  readonly after: IDiffTable | null;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly retyped: readonly (readonly string[])[];
}

export interface IDiffModule {
  readonly name: string;
  readonly before: string | null;
  readonly after: string | null;
  readonly lines: readonly ILine[];
}

/** What sets two runs apart, as `trackbook diff --json` says it. */
export interface IDiff {
  readonly same: boolean;
  readonly cells: readonly IDiffCell[];
  readonly data: readonly IDiffData[];
  readonly modules: readonly IDiffModule[];
}

export function runsPath(run: string, ...rest: readonly string[]): string {
  return ['runs', run, ...rest].map(encodeURIComponent).join('/');
}
