import { Json, oneLine, text, toNumber } from '../components/format';
import { IComparison, IRow } from './api';

/** A param or metric that runs can be drawn by. */
export interface IField {
  /** `metrics.accuracy`, `params.C`: unlike a key alone, it can't be both. */
  readonly id: string;
  readonly label: string;
  readonly row: IRow;
  /** Whether all its values are numbers; else they are drawn as words. */
  readonly isNumber: boolean;
}

/** Return a comparison's params and metrics that are not nested, metrics first, those that differ before others. */
export function fieldsOf(comparison: IComparison): readonly IField[] {
  const fields = comparison.rows
    .filter(row => row.section === 'metrics' || row.section === 'params')
    .filter(row => row.values.every(value => typeof value !== 'object' || value === null))
    .map(row => ({ id: `${row.section}.${row.key}`, label: oneLine(row.key), row, isNumber: isNumeric(row) }));
  const rank = ({ row }: IField): number => (row.differs ? 0 : 2) + (row.section === 'metrics' ? 0 : 1);
  return [...fields].sort((one, other) => rank(one) - rank(other));
}

/** Return a run's value of a field to be drawn: a number, a word, null where it has none or none that can be drawn. */
export function drawn({ isNumber, row }: IField, run: number): number | string | null {
  const value: Json = row.values[run];
  if (!row.present[run]) {
    return null;
  }
  if (!isNumber) {
    return text(value);
  }
  const amount = toNumber(value);
  return amount !== null && Number.isFinite(amount) ? amount : null;
}

/** Return how many runs have a value that can't be drawn: NaN or an infinity. */
export function undrawn(field: IField): number {
  return field.row.values.filter((_, run) => field.row.present[run] && drawn(field, run) === null).length;
}

/** Return what tells runs apart in a legend: their names, with the id where two share one. */
export function namesOf(comparison: IComparison): readonly string[] {
  const names = comparison.runs.map(run => run.name);
  return comparison.runs.map(run => {
    const isShared = names.filter(name => name === run.name).length > 1;
    return oneLine(isShared ? `${run.name} ${run.run_id.slice(0, 8)}` : run.name);
  });
}

function isNumeric(row: IRow): boolean {
  const values = row.values.filter((_, run) => row.present[run]);
  return values.length > 0 && values.every(value => typeof value !== 'boolean' && toNumber(value) !== null);
}
