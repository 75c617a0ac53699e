import { nullTranslator } from '@jupyterlab/translation';

import { ICellMetric, IMark } from './api';
import { metricsOf, signOf } from './marks';

const trans = nullTranslator.load('trackbook');

function mark(kind: IMark['kind'], parts: Partial<IMark> = {}): IMark {
  return { kind, reason: null, metrics: [], ...parts };
}

function metric(key: string, value: number | string, run = 'r1'): ICellMetric {
  return { key, value, run_id: run, run_name: `name-of-${run}` };
}

test('a stale cell has a sign whose reason is said on hover and to screen readers', () => {
  const sign = signOf(trans, [mark('stale', { reason: 'Cell 2 ran again.' })]);

  const icon = sign?.querySelector('[role="img"]');
  expect(icon?.getAttribute('aria-label')).toBe('Stale: Cell 2 ran again.');
  expect(icon?.getAttribute('title')).toBe('Stale: Cell 2 ran again.');
});

test('a cell that is stale and was run out of order has two signs of different shape', () => {
  const sign = signOf(trans, [mark('stale'), mark('unordered', { reason: 'It stands below.' })]);

  const icons = [...(sign?.querySelectorAll('[role="img"]') ?? [])];
  expect(icons.map(icon => icon.getAttribute('aria-label'))).toEqual(['Stale.', 'Run out of order: It stands below.']);
  expect(icons[0].innerHTML).not.toBe(icons[1].innerHTML);
});

test('metrics alone give no sign, and signs no metrics', () => {
  expect(signOf(trans, [mark('metrics', { metrics: [metric('f1', 1)] })])).toBeNull();
  expect(metricsOf(trans, [mark('stale')], false, jest.fn())).toBeNull();
});

test('the metrics of each run are one button that opens it', () => {
  const open = jest.fn();
  const metrics = [metric('f1', 0.5), metric('auc', 'NaN'), metric('f1', 0.25, 'r2')];
  const line = metricsOf(trans, [mark('metrics', { metrics })], false, open);
  const buttons = [...(line?.querySelectorAll('button') ?? [])];

  buttons[1].click();

  expect(buttons.map(button => button.textContent)).toEqual(['f1 0.5auc NaNname-of-r1', 'f1 0.25name-of-r2']);
  expect(open.mock.calls).toEqual([['r2']]);
});

test('of many metrics some are shown and all are said', () => {
  const metrics = Array.from({ length: 9 }, (_, n) => metric(`m${n}`, n));
  const line = metricsOf(trans, [mark('metrics', { metrics })], false, jest.fn());

  const button = line?.querySelector('button');
  expect(button?.textContent).toContain('+3');
  expect(button?.textContent).not.toContain('m8');
  expect(button?.getAttribute('aria-label')).toContain('m8 8');
});

test('of many runs the last ones are shown, the others counted', () => {
  const metrics = Array.from({ length: 5 }, (_, n) => metric('f1', n, `r${n}`));
  const line = metricsOf(trans, [mark('metrics', { metrics })], false, jest.fn());

  expect(line?.querySelectorAll('button')).toHaveLength(3);
  expect(line?.textContent).toContain('r4');
  expect(line?.textContent).toContain('2 earlier runs');
});

test('what a run is called is text, whatever it looks like', () => {
  const evil = '<img src=x onerror=alert(1)>';
  const metrics = [{ key: evil, value: evil, run_id: 'r', run_name: evil }];

  const line = metricsOf(trans, [mark('metrics', { metrics })], false, jest.fn());
  const sign = signOf(trans, [mark('stale', { reason: evil })]);

  expect(line?.querySelector('img')).toBeNull();
  expect(sign?.querySelector('img')).toBeNull();
  expect(line?.textContent).toContain(evil);
});

test('metrics of a cell that was edited since are said to be of before', () => {
  const line = metricsOf(trans, [mark('metrics', { metrics: [metric('f1', 1)] })], true, jest.fn());

  expect(line?.className).toContain('tb-mod-edited');
  expect(line?.querySelector('button')?.title).toContain('The cell was edited since.');
});
