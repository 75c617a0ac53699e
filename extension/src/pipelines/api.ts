import { Json } from '../components/format';
import { IShownOutput } from '../components/outputs';

/** A number of JSON, or the name of one that JSON has not (`NaN`, `Infinity`, `-Infinity`). */
export type Amount = number | string;

/** An execution of a pipeline; `word` is its status as people read it. */
export interface IPipelineRun {
  readonly run_id: string;
  readonly name: string;
  readonly status: string;
  readonly word: string;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly seconds: number | null;
  readonly error: string | null;
  readonly resumes: string | null;
}

/** A pipeline with its newest runs, the last first. */
export interface IPipeline {
  readonly name: string;
  readonly file: string | null;
  readonly runs: readonly IPipelineRun[];
  readonly total: number;
}

export interface IPipelines {
  readonly pipelines: readonly IPipeline[];
}

export interface IStepError {
  readonly type: string;
  readonly message: string;
  readonly cell: number | null;
  readonly line: number | null;
  readonly code: string | null;
}

/** How a step stands: `waiting`, `running`, `retrying`, `finished`, `skipped`, `failed`, `blocked`, `stopped`. */
export interface IStep {
  readonly name: string;
  readonly notebook: string;
  readonly needs: readonly string[];
  /** The datasets that it took from a step that it needs, by that step. */
  readonly data: Readonly<Record<string, readonly string[]>>;
  readonly state: string;
  readonly reason: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly attempt: number;
  readonly attempts: number;
  readonly started_at: string | null;
  readonly seconds: number | null;
  readonly metrics: Readonly<Record<string, Amount>>;
  readonly run_id: string | null;
  readonly cell: number | null;
  readonly cells: number | null;
  readonly error: IStepError | null;
  readonly warnings: readonly string[];
  readonly reads: readonly string[];
  readonly publishes: readonly string[];
}

/** An execution with its steps, in an order in which they can run. */
export interface IShownPipeline {
  readonly pipeline: string;
  readonly file: string | null;
  readonly run: IPipelineRun;
  readonly is_live: boolean;
  readonly knows_graph: boolean;
  readonly steps: readonly IStep[];
}

export interface ILoggedCell {
  readonly execution_id: string;
  readonly index: number;
  readonly count: number | null;
  readonly source: string;
  readonly started_at: string;
  readonly seconds: number | null;
  readonly outcome: string;
  readonly outputs: readonly IShownOutput[];
  readonly failure: { readonly type: string; readonly message: string; readonly traceback: string | null } | null;
}

/** What the cells of a step's try did; `attempts` are the runs of all tries, oldest first. */
export interface IStepLog {
  readonly step: string;
  readonly run_id: string;
  readonly state: string;
  readonly attempts: readonly string[];
  readonly cells: readonly ILoggedCell[];
}

/** The arguments of a pipeline's tab: one of its runs. */
export type PipelineArgs = { readonly run: string; readonly at: string };

/** Return the path of a route about an execution of a pipeline. */
export function pipelinePath(run: string, ...rest: readonly string[]): string {
  return ['pipelines', run, ...rest].map(encodeURIComponent).join('/');
}
