import { IComparison, IRow } from './api';
import { drawn, fieldsOf, namesOf, undrawn } from './fields';
import { parallelSpec } from './parallel_spec';

function row(section: IRow['section'], key: string, values: IRow['values'], given: Partial<IRow> = {}): IRow {
  const present = values.map(value => value !== null);
  const rest = { differs: true, differences: [], higher_is_better: null, best: [] };
  return { section, key, values, present, ...rest, ...given };
}

function comparison(rows: readonly IRow[], names = ['one', 'two']): IComparison {
  const runs = names.map((name, n) => ({ run_id: `${n}2345678xyz`, name, experiment: 'e' }));
  return { baseline: runs[0].run_id, runs, rows };
}

it('draws metrics before params, and what differs before what is the same', () => {
  const fields = fieldsOf(
    comparison([
      row('params', 'C', [1, 2]),
      row('metrics', 'same', [1, 1], { differs: false }),
      row('metrics', 'accuracy', [0.5, 0.6]),
      row('environment', 'python', ['3.11', '3.12']),
      row('params', 'steps', [['a'], ['b']])
    ])
  );

  expect(fields.map(field => field.id)).toEqual(['metrics.accuracy', 'params.C', 'metrics.same']);
});

it('draws no NaN and no infinity, and counts them', () => {
  const [field] = fieldsOf(comparison([row('metrics', 'loss', ['NaN', 'Infinity', 0.5])], ['a', 'b', 'c']));

  expect([0, 1, 2].map(run => drawn(field, run))).toEqual([null, null, 0.5]);
  expect(undrawn(field)).toBe(2);
});

it('takes values for words where one of them is none', () => {
  const [field] = fieldsOf(comparison([row('params', 'depth', [3, 'auto'])]));

  expect([drawn(field, 0), drawn(field, 1)]).toEqual(['3', 'auto']);
});

it('does not take an absent value for the None that a person chose', () => {
  const [field] = fieldsOf(comparison([row('params', 'depth', [null, null, 'x'], { present: [true, false, true] })]));

  expect([drawn(field, 0), drawn(field, 1)]).toEqual(['None', null]);
});

it('tells runs of one name apart by their ids', () => {
  expect(namesOf(comparison([], ['curves', 'curves']))).toEqual(['curves 02345678', 'curves 12345678']);
});

it('puts values between the foot and the head of their axis, far apart ones by their logarithm', () => {
  const fields = fieldsOf(comparison([row('params', 'C', [0.01, 1, 100])], ['a', 'b', 'c']));
  const spec = parallelSpec(['a', 'b', 'c'], fields, { run: 'Run', axis: 'Axis', value: 'Value' });

  const layers = spec.layer as unknown as { data: { values: { y: number }[] } }[];

  expect(layers[1].data.values.map(point => point.y.toFixed(6))).toEqual(['0.000000', '0.500000', '1.000000']);
});
