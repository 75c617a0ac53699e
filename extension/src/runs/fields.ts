import { IField } from './api';
import { fieldText } from './query';

/** The words of the setting `columns` that stand for all metrics, or params, that vary. */
const VARYING = { metrics: 'metric', params: 'param' } as const;
const MOST = { metrics: 4, params: 6 };
const ROLES = ['test.', 'validation.', '', 'train.'];
const SCOPES = { metric: 'metrics', param: 'params', tag: 'tags', run: '' } as const;

export const DEFAULT_COLUMNS = ['name', 'word', 'verdict', 'metrics', 'params', 'tags', 'started_at'];

/** Columns of the run itself, whose labels the panel knows. */
export const RUN_COLUMNS = [
  'name',
  'word',
  'verdict',
  'started_at',
  'seconds',
  'experiment',
  'model',
  'dataset',
  'run_id',
  'note',
  'tags'
] as const;

/** What the query language calls a column that runs can be put in order by; a run may have several models, tags. */
const ORDERED: Readonly<Record<string, string>> = {
  name: 'name',
  word: 'status',
  verdict: 'verdict',
  started_at: 'started_at',
  seconds: 'seconds',
  experiment: 'experiment',
  run_id: 'run_id',
  note: 'note'
};

/** A column by its id: `started_at`, `metrics.accuracy`. */
export interface IColumnKey {
  readonly scope: 'run' | 'metrics' | 'params' | 'tags';
  readonly key: string;
}

export function keyOf(id: string): IColumnKey {
  for (const scope of ['metrics', 'params', 'tags'] as const) {
    if (id.startsWith(`${scope}.`)) {
      return { scope, key: id.slice(scope.length + 1) };
    }
  }
  return { scope: 'run', key: id };
}

/** Return what the query language calls a column, null where it can't put runs in order by it. */
export function orderField(id: string): string | null {
  const { scope, key } = keyOf(id);
  return scope === 'run' ? (ORDERED[key] ?? null) : fieldText(scope, key);
}

/** Return the columns to show: those that the setting names, its words for groups replaced by what varies. */
export function defaultColumns(named: readonly string[], fields: readonly IField[]): string[] {
  const columns = named.flatMap(name => (name === 'metrics' || name === 'params' ? varying(name, fields) : [name]));
  return [...new Set(columns)];
}

/** Return all that can be a column, those of the run first; metrics and params that vary come before others. */
export function possibleColumns(fields: readonly IField[]): string[] {
  const measured = (['metric', 'param', 'tag'] as const).flatMap(kind =>
    ranked(fields.filter(field => field.kind === kind)).map(field => idOf(field))
  );
  return [...RUN_COLUMNS, ...measured];
}

/** Return the columns with one at another place. */
export function moved(columns: readonly string[], column: string, to: number): string[] {
  const others = columns.filter(each => each !== column);
  return [...others.slice(0, to), column, ...others.slice(to)];
}

/** Return the fields to ask the server for, so that it sends no more than what is shown. */
export function askedFields(columns: readonly string[]): string {
  const wanted = columns.filter(each => keyOf(each).scope !== 'run' || each === 'tags' || each === 'verdict');
  const fields = [...new Set(wanted.map(each => (each === 'verdict' ? 'tags' : each)))]; // tags tell of chance, too
  if (fields.some(each => each.includes(','))) {
    return ''; // a comma parts fields from one another, so all are asked for
  }
  return fields.join(',') || 'none';
}

/** Return names as the server reads a list of them: one with a comma stands in quotes. */
export function named(names: readonly string[]): string {
  return names.map(name => (/[",]/.test(name) ? `"${name.replace(/"/g, '""')}"` : name)).join(',');
}

function idOf({ field, kind }: IField): string {
  const scope = SCOPES[kind];
  return scope && !field.startsWith(`${scope}.`) ? `${scope}.${field}` : field;
}

function varying(name: keyof typeof VARYING, fields: readonly IField[]): string[] {
  const kind = fields.filter(field => field.kind === VARYING[name] && !field.is_aside);
  const telling = kind.filter(field => field.is_varying);
  const chosen = telling.length > 0 || name === 'params' ? telling : kind;
  return ranked(chosen).slice(0, MOST[name]).map(idOf);
}

/** What most runs have comes first, and of metrics those of test data. */
function ranked(fields: readonly IField[]): IField[] {
  const rank = (field: IField): number => Number(field.is_aside) * 10 + roleOf(field);
  return [...fields].sort((one, other) => rank(one) - rank(other) || other.runs - one.runs);
}

function roleOf(field: IField): number {
  if (field.kind !== 'metric') {
    return 0;
  }
  const { key } = keyOf(field.field);
  const found = ROLES.findIndex(role => role !== '' && key.startsWith(role));
  return found < 0 ? ROLES.indexOf('') : found;
}
