import { act, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import * as React from 'react';

import { Memory } from '../core/memory';
import { Place } from '../core/place';
import { aRun } from '../testing/run';
import { Answers, contextOf, Refusal, serve } from '../testing/server';
import { RunsModel } from './model';
import { RunsTab } from './tab';

const runs = [
  aRun('r2', { name: 'calm-owl', metrics: { accuracy: 0.5 }, params: { C: 10 }, tags: { stage: 'draft' } }),
  aRun('r1', { name: 'bold-fox', word: 'failed', metrics: { accuracy: 'NaN' }, params: { C: 1 }, children: 1 })
];
const state = { location: '/s', experiment: null, experiments: [{ name: 'churn', runs: 2, latest_at: null }], runs: 2 };
const common = { runs: 2, is_varying: true, is_aside: false, higher_is_better: null };
const columns = [
  { ...common, field: 'metrics.accuracy', kind: 'metric', higher_is_better: true },
  { ...common, field: 'params.C', kind: 'param' },
  { ...common, field: 'tags.stage', kind: 'tag' }
];

function answers(path: string, query: URLSearchParams): unknown {
  switch (path) {
    case 'state':
      return state;
    case 'columns':
      return { columns };
    default:
      return query.get('parent')
        ? { runs: [aRun('c1', { name: 'wee-mouse', parent_id: 'r1' })], total: 1, offset: 0 }
        : { runs, total: 2, offset: 0 };
  }
}

function show(told: Answers = answers, place = new Place()): { asked: string[]; model: RunsModel } {
  const asked = serve(told);
  const memory = new Memory(null, 'test');
  const { context } = contextOf({ memory, place });
  const model = new RunsModel(memory);
  render(<RunsTab context={context} model={model} />);
  return { asked, model };
}

afterEach(() => jest.restoreAllMocks());

test('runs are listed with what varies, numbers in line and NaN by name', async () => {
  show();

  const row = (await screen.findByText('calm-owl')).closest('[role=row]') as HTMLElement;

  expect(row.textContent).toContain('finished');
  expect(row.textContent).toContain('0.5000');
  expect(row.textContent).toContain('stage: draft');
  expect(screen.getByText('NaN')).toBeTruthy();
  expect(screen.getByText('2 runs')).toBeTruthy();
});

test('a heading writes the order into the query, and another press turns it round', async () => {
  const { asked, model } = show();
  await screen.findByText('calm-owl');

  fireEvent.click(screen.getByRole('button', { name: /accuracy/ }));
  expect(model.query).toBe('order by metrics.accuracy desc');
  fireEvent.click(screen.getByRole('button', { name: /accuracy/ }));

  expect(model.query).toBe('order by metrics.accuracy asc');
  await waitFor(() => expect(asked.some(path => path.includes('accuracy%20asc'))).toBe(true));
});

test('children are asked for when their parent is expanded, and stand beneath it', async () => {
  show();
  fireEvent.click(await screen.findByRole('button', { name: 'Show its 1 parts' }));

  await screen.findByText('wee-mouse');

  const names = screen.getAllByRole('row').map(row => row.querySelector('.tb-Link')?.textContent);
  expect(names.slice(1)).toEqual(['calm-owl', 'bold-fox', 'wee-mouse']);
});

test('a mistake in the query is told beneath it with its place marked', async () => {
  show((path, query) =>
    path === 'runs' && query.get('query')
      ? Object.assign(new Refusal(400, 'QueryError', 'There is no metric acuracy.'), { position: 0 })
      : answers(path, query)
  );
  await screen.findByText('calm-owl');
  const box = screen.getByRole('combobox', { name: 'Query of runs' });

  fireEvent.change(box, { target: { value: 'acuracy > 1' } });
  fireEvent.keyDown(box, { key: 'Enter' });

  const told = await screen.findByRole('alert');
  expect(within(told).getByText('There is no metric acuracy.')).toBeTruthy();
  expect(told.querySelector('mark')?.textContent).toBe('acuracy');
  expect(box.getAttribute('aria-invalid')).toBe('true');
});

test('where nothing is tracked, it says what to type', async () => {
  show(() => new Refusal(404, 'NotFoundError', 'There is no store.'));

  expect(await screen.findByText('%load_ext trackbook')).toBeTruthy();
  expect(screen.queryByRole('alert')).toBeNull();
});

test('a server without the extension is told of in one sentence', async () => {
  show(() => new Refusal(404, undefined as unknown as string, ''));

  expect((await screen.findByRole('alert')).textContent).toMatch(/does not know Trackbook/);
});

test('two selected runs can be compared, one can not', async () => {
  const { model } = show();
  await screen.findByText('calm-owl');

  act(() => {
    model.selected = new Set(['r1']);
  });
  expect((screen.getByRole('button', { name: 'Compare' }) as HTMLButtonElement).disabled).toBe(true);
  act(() => {
    model.selected = new Set(['r1', 'r2']);
  });

  expect((screen.getByRole('button', { name: 'Compare 2' }) as HTMLButtonElement).disabled).toBe(false);
  expect(model.selectedRuns.map(run => run.name)).toEqual(['calm-owl', 'bold-fox']);
});

test('state, columns and runs are asked for at once, and the runs are not asked for again', async () => {
  const { asked } = show();

  expect(asked.map(path => path.split('?')[0]).sort()).toEqual(['columns', 'runs', 'state']);
  await screen.findByText('calm-owl');

  expect(asked.filter(path => path.startsWith('runs'))).toHaveLength(1);
});

test('a notebook of another experiment than its name says shows the runs of that', async () => {
  const place = new Place();
  place.path = 'work/train.ipynb';
  const { asked } = show((path, query) => {
    if (path === 'state') {
      return { ...state, experiment: 'churn' };
    }
    return path === 'runs' && query.get('experiment') !== 'churn'
      ? { runs: [], total: 0, offset: 0 }
      : answers(path, query);
  }, place);

  await screen.findByText('calm-owl');

  expect(asked.filter(path => path.startsWith('runs')).at(-1)).toContain('experiment=churn');
});
