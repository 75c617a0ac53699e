import { IField } from './api';
import { askedFields, DEFAULT_COLUMNS, defaultColumns, moved, orderField, possibleColumns } from './fields';

function field(name: string, kind: IField['kind'], given: Partial<IField> = {}): IField {
  return { field: name, kind, runs: 5, is_varying: true, is_aside: false, higher_is_better: null, ...given };
}

const fields = [
  field('params.C', 'param'),
  field('params.verbose', 'param', { is_varying: false }),
  field('params.tol', 'param', { is_aside: true }),
  field('metrics.train.accuracy', 'metric', { runs: 9 }),
  field('metrics.test.accuracy', 'metric'),
  field('metrics.test.accuracy.std', 'metric', { is_aside: true }),
  field('tags.stage', 'tag')
];

test('shown at first are the metrics and params that vary, those of test data before others', () => {
  expect(defaultColumns(DEFAULT_COLUMNS, fields)).toEqual([
    'name', 'word', 'verdict', 'metrics.test.accuracy', 'metrics.train.accuracy', 'params.C', 'tags', 'started_at'
  ]);
});

test('of a single run its metrics show although nothing varies', () => {
  const alone = fields.map(each => ({ ...each, is_varying: false }));

  expect(defaultColumns(['metrics', 'params'], alone)).toEqual(['metrics.test.accuracy', 'metrics.train.accuracy']);
});

test('everything can be chosen', () => {
  const possible = possibleColumns(fields);

  expect(possible).toEqual(expect.arrayContaining(fields.map(each => each.field)));
  expect(possible.slice(0, 2)).toEqual(['name', 'word']);
});

test('the server is asked for no more than is shown', () => {
  expect(askedFields(['name', 'metrics.f1'])).toBe('metrics.f1');
  expect(askedFields(['name', 'verdict', 'tags'])).toBe('tags');
  expect(askedFields(['name'])).toBe('none');
  expect(askedFields(['params.a,b', 'metrics.f1'])).toBe('');
});

test('columns are ordered by what queries call them, and those with several values are not', () => {
  expect(['word', 'metrics.f1', 'params.my param', 'tags', 'model'].map(orderField)).toEqual([
    'status', 'metrics.f1', 'params.`my param`', null, null
  ]);
});

test('a column is moved to the place of another', () => {
  expect(moved(['a', 'b', 'c'], 'a', 2)).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b']);
});
