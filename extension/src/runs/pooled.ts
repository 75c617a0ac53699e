import { Json } from '../components/format';
import { IGroup, IGrouping, IStatistics } from './api';

/** All runs with one value of what they are grouped by, over whatever else differs between them. */
export interface IPool {
  readonly key: string;
  readonly value: Json;
  readonly runs: number;
  readonly statistics: Readonly<Record<string, IStatistics>>;
  /** The groups that it is made of, within which runs differ in nothing but their seed. */
  readonly parts: readonly IGroup[];
}

/** Put the groups together that have the same value of the field that was asked for. */
export function pooled({ by, groups, metrics }: IGrouping): IPool[] {
  const parts = new Map<string, IGroup[]>();
  for (const group of groups) {
    const key = JSON.stringify(group.labels[by[0]] ?? null);
    parts.set(key, [...(parts.get(key) ?? []), group]);
  }
  return [...parts].map(([key, members]) => ({
    key,
    value: members[0].labels[by[0]] ?? null,
    runs: members.reduce((sum, each) => sum + each.runs, 0),
    statistics: Object.fromEntries(metrics.map(metric => [metric, together(members, metric)])),
    parts: members
  }));
}

/** Return count, mean and standard deviation of several samples as one, from those of each. */
export function together(groups: readonly IGroup[], metric: string): IStatistics {
  const samples = groups.flatMap(group => group.statistics[metric] ?? []).filter(each => each.n > 0);
  if (samples.length === 1) {
    return samples[0];
  }
  const n = samples.reduce((sum, each) => sum + each.n, 0);
  if (n === 0 || samples.some(each => each.mean === null)) {
    return { n, mean: null, deviation: null, low: null, high: null };
  }
  const mean = samples.reduce((sum, each) => sum + each.n * (each.mean ?? 0), 0) / n;
  const squares = samples.map(
    each => (each.n - 1) * (each.deviation ?? 0) ** 2 + each.n * ((each.mean ?? 0) - mean) ** 2
  );
  const sum = squares.reduce((one, other) => one + other, 0);
  return { n, mean, deviation: n > 1 ? Math.sqrt(sum / (n - 1)) : null, low: null, high: null };
}
