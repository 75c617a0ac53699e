import { Json } from '../components/format';

/** What the server tells of runs in lists; see its OpenAPI document. */
export interface IRunRow {
  readonly run_id: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: string;
  /** What people read of the status. */
  readonly word: string;
  readonly verdict: string | null;
  readonly verdict_reason: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly seconds: number | null;
  readonly parent_id: string | null;
  /** How many runs have it as their parent. */
  readonly children: number;
  readonly note: string | null;
  readonly models: readonly string[];
  readonly datasets: readonly string[];
  readonly params: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, Json>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface IRunsPage {
  readonly runs: readonly IRunRow[];
  readonly total: number;
  readonly offset: number;
}

export interface IExperiment {
  readonly name: string;
  readonly runs: number;
  readonly latest_at: string | null;
}

export interface IState {
  readonly location: string;
  /** That of the notebook asked about, null where it is none. */
  readonly experiment: string | null;
  readonly experiments: readonly IExperiment[];
  readonly runs: number;
}

/** Something that can be a column: `metrics.accuracy`, `started_at`. */
export interface IField {
  readonly field: string;
  readonly kind: 'metric' | 'param' | 'tag' | 'run';
  /** How many runs have it. */
  readonly runs: number;
  readonly is_varying: boolean;
  /** What lists leave out at first: a param that nobody chose, the spread of a metric. */
  readonly is_aside: boolean;
  readonly higher_is_better: boolean | null;
}

export interface IColumns {
  readonly columns: readonly IField[];
}

export interface IOption {
  readonly text: string;
  readonly kind: string;
  readonly detail: string;
}

export interface ICompletions {
  readonly from: number;
  readonly to: number;
  readonly options: readonly IOption[];
}

export interface IStatistics {
  readonly n: number;
  readonly mean: number | null;
  readonly deviation: number | null;
  readonly low?: number | null;
  readonly high?: number | null;
}

/** All runs with one value of what they are grouped by, over whatever else differs between them. */
export interface IGroup {
  readonly value: Json;
  readonly runs: number;
  readonly statistics: Readonly<Record<string, IStatistics>>;
}

export interface IGrouping {
  readonly by: string;
  readonly metrics: readonly string[];
  readonly groups: readonly IGroup[];
  readonly left_out: number;
}

/** Runs that differ in nothing but their seed. */
export interface IPart {
  /** The values of the fields that tell it from other parts, by field. */
  readonly labels: Readonly<Record<string, Json>>;
  readonly runs: number;
  readonly statistics: Readonly<Record<string, IStatistics>>;
}

export interface IParts {
  /** What else tells runs apart that is no seed. */
  readonly also: readonly string[];
  readonly groups: readonly IPart[];
}

/** The smallest notebook that makes a run. */
export interface ISlice {
  readonly notebook: unknown;
  readonly name: string;
  readonly remarks: readonly string[];
}
