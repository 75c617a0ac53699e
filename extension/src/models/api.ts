import { Json } from '../components/format';
import { request } from '../core/request';

/** A number of JSON, or the name of one that JSON has not (`NaN`, `Infinity`, `-Infinity`). */
export type Amount = number | string;

export interface IPublished {
  readonly name: string;
  readonly version: number;
}

/** A model that a run fitted; `size` is null where only what it looks like is kept. */
export interface IModelRow {
  readonly model_id: string;
  readonly name: string;
  readonly class_name: string;
  readonly run_id: string;
  readonly run_name: string;
  readonly experiment: string;
  readonly run_status: string;
  readonly started_at: string;
  readonly signature: Readonly<Record<string, Json>>;
  readonly n_features: number | null;
  readonly importances: Readonly<Record<string, Amount>>;
  readonly metrics: Readonly<Record<string, Amount>>;
  readonly size: number | null;
  readonly is_kept: boolean;
  readonly published: readonly IPublished[];
}

/** A page of models: those of some runs. `total` counts runs, `next_offset` is null at the end. */
export interface IModelsPage {
  readonly models: readonly IModelRow[];
  readonly total: number;
  readonly offset: number;
  readonly next_offset: number | null;
}

export interface IDatasetUse {
  readonly name: string;
  readonly role: string | null;
  readonly rows: number | null;
  readonly shape: readonly number[];
}

/** All that is known of a model; `load` is code that brings it back, null where it is not kept. */
export interface IModelCard extends IModelRow {
  readonly features: readonly string[];
  readonly coefficients: Readonly<Record<string, Json>>;
  readonly details: Readonly<Record<string, Json>>;
  readonly params: Readonly<Record<string, Json>>;
  /** The params that nobody chose. */
  readonly defaults: readonly string[];
  readonly datasets: readonly IDatasetUse[];
  readonly load: string | null;
}

/** The arguments of a model's tab: `model` is its name within the run, or its id. */
export type ModelArgs = { readonly run: string; readonly model: string; readonly at: string };

/** Return the path of a route about a model. */
export function modelPath(run: string, model: string, ...rest: readonly string[]): string {
  return ['runs', run, 'models', model, ...rest].map(encodeURIComponent).join('/');
}

/** Make a model the next version of a name. */
export function publishModel({ at, model, run }: ModelArgs, name: string): Promise<IPublished> {
  const init = { method: 'POST', body: JSON.stringify({ name }) };
  return request<IPublished>(modelPath(run, model, 'versions'), { at }, init);
}

/** Return the last part of a class's name. */
export function shortClass(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
