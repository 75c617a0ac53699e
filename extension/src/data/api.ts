import { IProfile } from '../components/profile';

/** A number of JSON, or the name of one that JSON has not (`NaN`, `Infinity`, `-Infinity`). */
export type Amount = number | string;

/** One immutable state of a dataset. */
export interface IVersion {
  readonly name: string;
  readonly version: number;
  readonly snapshot_id: string;
  readonly fingerprint: string | null;
  readonly made_at: string;
  readonly session_id: string | null;
  readonly run_id: string | null;
  readonly kind: string;
  readonly rows: number | null;
  readonly columns: number | null;
  readonly stored_bytes: number;
  readonly new_bytes: number;
}

/** A dataset with its versions, oldest first, as `trackbook data ls --json` says it. */
export interface IDataset {
  readonly name: string;
  readonly latest: number;
  readonly stored_bytes: number;
  readonly runs: number;
  readonly versions: readonly IVersion[];
}

export interface IDatasets {
  readonly datasets: readonly IDataset[];
}

export interface IUsingRun {
  readonly run_id: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: string;
  readonly started_at: string;
}

/** A version with its profile, null of a model, and the newest runs that used it. */
export interface IShownVersion extends IVersion {
  readonly versions: readonly number[];
  readonly run_ids: readonly string[];
  readonly runs: readonly IUsingRun[];
  readonly made_by: string;
  readonly profile: IProfile | null;
}

export interface IChangedCell {
  readonly row_before: number;
  readonly row_after: number;
  readonly before: Amount | boolean | null;
  readonly after: Amount | boolean | null;
}

export interface IColumnChange {
  readonly name: string;
  readonly dtype_before: string;
  readonly dtype_after: string;
  readonly changed: number;
  readonly mean_before: Amount | null;
  readonly mean_after: Amount | null;
  readonly missing_before: number;
  readonly missing_after: number;
  readonly new_categories: readonly string[];
  readonly gone_categories: readonly string[];
  readonly examples: readonly IChangedCell[];
}

export interface INamedColumn {
  readonly name: string;
  readonly dtype: string;
}

/** What sets two versions apart, as `trackbook data diff --json` says it. */
export interface ITableDiff {
  readonly before_version: number;
  readonly after_version: number;
  readonly by: string;
  readonly same: boolean;
  readonly rows_before: number;
  readonly rows_after: number;
  readonly rows_added: number;
  readonly rows_removed: number;
  readonly rows_changed: number | null;
  readonly columns_added: readonly INamedColumn[];
  readonly columns_removed: readonly INamedColumn[];
  readonly order_changed: boolean;
  readonly columns: readonly IColumnChange[];
}

/** The arguments of a dataset's tab; without a version the latest is shown. */
export type DatasetArgs = { readonly name: string; readonly version?: number; readonly at: string };

/** Return the path of a route about a dataset. */
export function datasetPath(name: string, ...rest: readonly (string | number)[]): string {
  return ['datasets', name, ...rest].map(each => encodeURIComponent(String(each))).join('/');
}
