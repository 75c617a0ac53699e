import { Json } from '../components/format';
import { QueryValues, request } from '../core/request';

/** A number of JSON, or the name of one that JSON has not (`NaN`, `Infinity`, `-Infinity`). */
export type Amount = number | string;

export interface IColumn {
  readonly name: string;
  readonly dtype: string;
}

export interface IFile {
  readonly path: string;
  readonly size: number | null;
  readonly digest: string | null;
}

export interface IDatasetUse {
  readonly name: string;
  readonly kind: string;
  readonly role: string | null;
  readonly rows: number | null;
  readonly shape: readonly number[];
  readonly columns: readonly IColumn[];
  readonly fingerprint: string | null;
  readonly snapshot_id?: string | null;
  readonly files: readonly IFile[];
}

export interface IModel {
  readonly name: string;
  readonly class: string;
  readonly model_id?: string;
  /** Whether the model itself is kept, not only what is said of it. */
  readonly is_kept?: boolean;
  readonly signature: Readonly<Record<string, Json>>;
  readonly features: readonly string[];
  readonly importances: Readonly<Record<string, Amount>>;
  readonly coefficients: Readonly<Record<string, Json>>;
  readonly details: Readonly<Record<string, Json>>;
}

export interface IArtifact {
  readonly name: string;
  readonly digest: string;
  readonly size: number;
  readonly media_type: string;
}

export interface IReproduction {
  readonly reproduction_id: string;
  readonly at: string;
  readonly verdict: string;
  readonly reason: string | null;
  readonly seconds: number | null;
}

export interface ICheck {
  readonly check_id: string;
  readonly name: string;
  readonly table: string;
  readonly passed: boolean;
  readonly failures: number;
  readonly broken: readonly Json[];
}

export interface IFailure {
  readonly type: string;
  readonly message: string;
  readonly traceback?: string | null;
}

export interface IKin {
  readonly run_id: string;
  readonly name: string;
  readonly status?: string;
  readonly word?: string;
}

export interface IBelonging extends IKin {
  readonly called: string;
}

export interface IEnvironment {
  readonly environment_id: string;
  readonly python: string;
  readonly implementation: string;
  readonly platform: string;
  readonly machine: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly origins: Readonly<Record<string, string>>;
  readonly hardware: Readonly<Record<string, Json>>;
  readonly git: IGit | null;
}

export interface IGit {
  readonly commit: string;
  readonly branch: string | null;
  readonly is_dirty: boolean;
  readonly patch: string | null;
  readonly remote: string | null;
}

/** A run and what hangs on it, as `trackbook show RUN --json` says it. */
export interface IRun {
  readonly run_id: string;
  readonly name: string;
  readonly experiment: string;
  readonly session_id: string;
  readonly status: string;
  readonly verdict: string | null;
  readonly verdict_reason: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly seconds?: number | null;
  readonly note?: string | null;
  readonly word?: string;
  readonly failure?: IFailure | null;
  readonly session?: { readonly notebook: string | null; readonly user: string; readonly host: string } | null;
  /** The params that nobody chose. */
  readonly defaults?: readonly string[];
  readonly params: Readonly<Record<string, Json>>;
  readonly metrics: Readonly<Record<string, Amount>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly datasets: readonly IDatasetUse[];
  readonly models: readonly IModel[];
  readonly artifacts?: readonly IArtifact[];
  readonly reproductions: readonly IReproduction[] | null;
  readonly checks: readonly ICheck[] | null;
  readonly unseeded: readonly string[] | null;
  readonly parent_id: string | null;
  readonly parent?: IKin | null;
  readonly children?: readonly IKin[];
  readonly children_total?: number;
  /** What it is or stands in; `called` is the name that the pipeline, the step or the sweep goes by. */
  readonly pipeline?: IBelonging | null;
  readonly step?: IBelonging | null;
  readonly sweep?: IBelonging | null;
}

export interface IPoint {
  readonly step: number;
  readonly value: Amount;
  readonly time: string;
}

export interface ISeries {
  readonly key: string;
  readonly points: readonly IPoint[];
  readonly total: number;
}

export interface IWhyNode {
  readonly id: string;
  readonly kind: string;
  readonly label: string;
  readonly execution_id: string | null;
  readonly cell_id?: string | null;
  readonly cell: number | null;
  readonly line: number | null;
  readonly end_line: number | null;
  readonly code: string | null;
  readonly value: Json;
  readonly details: Readonly<Record<string, Json>>;
}

export interface IWhyEdge {
  readonly from: string;
  readonly to: string;
  readonly name: string;
  readonly sure: boolean;
  readonly hidden: string | null;
}

/** Why something of a run is what it is, as `trackbook why --json` says it. */
export interface IWhy {
  readonly run_id: string;
  readonly kind: string;
  readonly metric: string;
  readonly value: Json;
  readonly root: string;
  readonly nodes: readonly IWhyNode[];
  readonly edges: readonly IWhyEdge[];
}

export interface IResources {
  readonly cpu_seconds: number | null;
  readonly peak_memory_bytes: number | null;
  readonly gpu_peak_memory_bytes: number | null;
  readonly gpu_percent: number | null;
}

export interface IOutputPart {
  readonly media_type: string;
  readonly size: number;
  readonly digest: string | null;
  readonly text: string | null;
  readonly is_cut: boolean;
}

export interface IOutput {
  readonly kind: string;
  readonly name: string | null;
  readonly parts: readonly IOutputPart[];
}

export interface IExecution {
  readonly execution_id: string;
  readonly cell_id: string | null;
  readonly index: number;
  readonly count?: number | null;
  readonly source: string;
  readonly started_at: string;
  readonly seconds: number | null;
  readonly outcome: string;
  readonly failure?: IFailure | null;
  readonly hidden: readonly { readonly name: string; readonly reason: string }[];
  readonly run_ids: readonly string[];
  readonly outputs: readonly IOutput[];
  readonly resources: IResources;
}

export interface ISlice {
  readonly notebook: Json;
  readonly name: string;
  readonly remarks: readonly string[];
}

/** A reproduction that is under way, or was. */
export interface IJob {
  readonly job: string;
  readonly kind: string;
  readonly run_id: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed' | 'stopped';
  readonly attempt: number | null;
  readonly cell: number | null;
  readonly cells: number | null;
  readonly seconds: number | null;
  readonly verdict: string | null;
  readonly reason: string | null;
  readonly message: string | null;
}

/** Return the path of a route about a run. */
export function runPath(run: string, ...rest: readonly string[]): string {
  return ['runs', run, ...rest].map(encodeURIComponent).join('/');
}

export interface IRunChange {
  readonly name?: string;
  readonly note?: string | null;
  readonly tags?: Readonly<Record<string, string | null>>;
}

/** Change what people may change of a run. */
export function changeRun(run: string, at: string, change: IRunChange): Promise<IRun> {
  return send<IRun>('PATCH', runPath(run), { at }, change);
}

export function startReproduction(run: string, at: string): Promise<{ readonly job: string }> {
  return send('POST', runPath(run, 'reproductions'), { at }, {});
}

export function stopJob(job: string, at: string): Promise<unknown> {
  return send('DELETE', `jobs/${encodeURIComponent(job)}`, { at });
}

/** Publish a model of a run under a name. */
export function registerModel(
  run: string,
  at: string,
  model: string,
  name: string
): Promise<{ readonly name: string; readonly version: number }> {
  return send('POST', runPath(run, 'models', model, 'versions'), { at }, { name });
}

function send<Answer>(method: string, path: string, query: QueryValues, body?: object): Promise<Answer> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  return request<Answer>(path, query, init);
}
