import { IGroup, IStatistics } from './api';
import { pooled, together } from './pooled';

function statistics(values: readonly number[]): IStatistics {
  const n = values.length;
  const mean = values.reduce((sum, each) => sum + each, 0) / n;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { n, mean, deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : null, low: null, high: null };
}

function group(C: number, depth: number, values: readonly number[]): IGroup {
  return {
    labels: { 'params.C': C, 'params.depth': depth },
    runs: values.length,
    statistics: { f1: statistics(values) }
  };
}

test('mean and deviation of groups put together are those of all their runs', () => {
  const all = statistics([0.1, 0.5, 0.4, 0.9, 0.7, 0.2]);

  const found = together([group(1, 3, [0.1, 0.5, 0.4]), group(1, 5, [0.9]), group(1, 8, [0.7, 0.2])], 'f1');

  expect(found.n).toBe(6);
  expect(found.mean).toBeCloseTo(all.mean ?? NaN, 12);
  expect(found.deviation).toBeCloseTo(all.deviation ?? NaN, 12);
});

test('groups with the same value are one, and know what they are made of', () => {
  const groups = [group(1, 3, [0.1]), group(10, 3, [0.3]), group(1, 5, [0.5])];

  const pools = pooled({ by: ['params.C'], also: ['params.depth'], metrics: ['f1'], groups, left_out: 0 });

  expect(pools.map(({ value, runs, parts }) => [value, runs, parts.length])).toEqual([[1, 2, 2], [10, 1, 1]]);
});

test('a metric that no run of a group has is no number', () => {
  const found = together([group(1, 3, [0.1])], 'accuracy');

  expect(found).toEqual({ n: 0, mean: null, deviation: null, low: null, high: null });
});
