import { IRunRow } from './api';
import { aRun } from '../testing/run';
import { listing } from './tree';

const parent = aRun('p', { children: 2 });
const children = new Map([['p', [aRun('c1', { parent_id: 'p' }), aRun('c2', { parent_id: 'p' })]]]);

test('children stand beneath their parent where it is expanded', () => {
  const roots: (IRunRow | undefined)[] = [aRun('a'), parent, undefined, aRun('z')];

  const { rows, rootOf } = listing(roots, children, new Set(['p']), true);

  expect(rows.map(row => row && `${row.level} ${row.run.run_id}`)).toEqual([
    '1 a', '1 p', '2 c1', '2 c2', undefined, '1 z'
  ]);
  expect(rows.map((_, at) => rootOf(at))).toEqual([0, 1, 1, 1, 2, 3]);
  expect(rows.map(row => row?.isExpanded)).toEqual([undefined, true, undefined, undefined, undefined, undefined]);
});

test('in a flat list nothing can be expanded', () => {
  const { rows } = listing([parent], children, new Set(['p']), false);

  expect(rows.map(row => row?.isExpanded)).toEqual([undefined]);
});

test('a list with holes is as long as all of it', () => {
  const roots: (IRunRow | undefined)[] = [aRun('a')];
  roots.length = 5;

  expect(listing(roots, new Map(), new Set(), true).rows.length).toBe(5);
  expect(listing(roots, new Map(), new Set(['p']), true).rows.length).toBe(5);
});
