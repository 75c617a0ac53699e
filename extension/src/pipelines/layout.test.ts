import { ISizes, layoutOf } from './layout';

const SIZES: ISizes = { width: 100, height: 40, gapX: 50, gapY: 10, passing: 6, margin: 5 };

function laid(needs: Record<string, string[]>) {
  const layout = layoutOf(
    Object.entries(needs).map(([name, each]) => ({ name, needs: each })),
    SIZES
  );
  const at = new Map(layout.steps.map(step => [step.name, step]));
  return { layout, at };
}

test('a step stands one column behind the last of its needs', () => {
  const { at } = laid({ a: [], b: ['a'], c: ['a', 'b'], d: [] });

  expect([...at.values()].map(({ name, column }) => [name, column]).sort()).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 2],
    ['d', 0]
  ]);
});

test('boxes lie inside the picture and over no other', () => {
  const needs = (n: number): string[] => (n < 3 ? [] : [`s${n % 3}`, `s${n - 3}`]);
  const { layout } = laid(Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`s${n}`, needs(n)])));

  for (const one of layout.steps) {
    expect(one.x).toBeGreaterThanOrEqual(0);
    expect(one.y).toBeGreaterThanOrEqual(0);
    expect(one.x + SIZES.width).toBeLessThanOrEqual(layout.width);
    expect(one.y + SIZES.height).toBeLessThanOrEqual(layout.height);
    const overlapping = layout.steps.filter(
      other => other !== one && other.x === one.x && Math.abs(other.y - one.y) < SIZES.height
    );
    expect(overlapping).toEqual([]);
  }
});

test('a line that passes a column goes through a place of its own, beside the boxes there', () => {
  const { at, layout } = laid({ a: [], b: ['a'], c: ['b', 'a'] });
  const line = layout.lines.find(({ from, to }) => from === 'a' && to === 'c');
  const level = Number(/ (-?[\d.]+)H/.exec(line?.path ?? '')?.[1]);
  const box = at.get('b');

  expect(box && (level < box.y || level > box.y + SIZES.height)).toBe(true);
});

test('steps are put in the order of what they are joined to, so that lines do not cross', () => {
  const { at } = laid({ a: [], b: [], under: ['b'], over: ['a'] });

  expect(at.get('over')?.row).toBe(at.get('a')?.row);
  expect(at.get('under')?.row).toBe(at.get('b')?.row);
});

test('needs that are not known, are told twice or are the step itself do no harm', () => {
  const { layout } = laid({ a: ['gone', 'a'], b: ['a', 'a'] });

  expect(layout.lines.map(({ from, to }) => [from, to])).toEqual([['a', 'b']]);
});

test('no steps make an empty picture', () => {
  expect(laid({}).layout).toMatchObject({ steps: [], lines: [] });
});
