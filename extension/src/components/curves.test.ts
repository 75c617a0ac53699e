import { nullTranslator } from '@jupyterlab/translation';

import { IContext } from '../core/context';
import { curvesSpec, ICurve } from './curves';

const context = { trans: nullTranslator.load('trackbook') } as IContext;

function curve(values: readonly unknown[]): ICurve {
  return {
    name: 'loss.train[0]',
    points: values.map((value, step) => ({ step, value, time: `2026-01-01T00:00:0${step}+00:00` }))
  };
}

function rows(values: readonly unknown[], options: object = {}): readonly { x: number; y: number | null }[] {
  const spec = curvesSpec({ context, curves: [curve(values)], ...options }) as unknown as {
    data: { values: readonly { x: number; y: number | null }[] };
  };
  return spec.data.values;
}

it('leaves gaps where a value is NaN or infinite', () => {
  expect(rows([1, 'NaN', 'Infinity', 2]).map(row => row.y)).toEqual([1, null, null, 2]);
});

it('leaves gaps on a logarithmic scale where a value is not above 0', () => {
  expect(rows([1, 0, -1, 2], { isLogarithmic: true }).map(row => row.y)).toEqual([1, null, null, 2]);
});

it('draws over the seconds since the first point', () => {
  expect(rows([5, 6, 7], { over: 'seconds' }).map(row => row.x)).toEqual([0, 1, 2]);
});

it('smooths towards the points before, over gaps too', () => {
  expect(rows([0, 'NaN', 10], { smoothing: 0.5 }).map(row => row.y)).toEqual([0, null, 5]);
});
