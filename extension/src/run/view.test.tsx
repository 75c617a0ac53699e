import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import * as React from 'react';

import { Memory } from '../core/memory';
import { contextOf, Refusal, serve } from '../testing/server';
import { Found, Notebooks } from './notebooks';
import { IPlaceInCell } from './place';
import { RunView } from './view';

const RUN = {
  run_id: '0tsn5q7gabc',
  name: 'brave-otter',
  experiment: 'churn',
  session_id: 's',
  status: 'FINISHED',
  verdict: 'clean',
  verdict_reason: null,
  started_at: '2026-03-01T12:00:00+00:00',
  finished_at: '2026-03-01T12:00:10+00:00',
  note: 'old note',
  params: { C: 1, tol: 0.001 },
  defaults: ['tol'],
  metrics: { accuracy: 0.9, gradient: 'NaN' },
  tags: {},
  datasets: [],
  models: [],
  artifacts: [],
  reproductions: [],
  checks: [],
  unseeded: [],
  parent_id: null
};

const EXECUTION = { execution_id: 'e', cell_id: 'cell-1', index: 3, source: 'C = 1\nfit(C)', hidden: [], outputs: [] };

const WHY = {
  run_id: RUN.run_id,
  kind: 'metric',
  metric: 'accuracy',
  value: 0.9,
  root: 'm',
  nodes: [
    { id: 'm', kind: 'metric', label: 'accuracy', execution_id: null, line: null, code: null, value: 0.9, details: {} },
    {
      id: 's',
      kind: 'statement',
      label: 'fit',
      execution_id: 'e',
      cell: 3,
      line: 2,
      end_line: 2,
      code: 'fit(C)',
      details: {}
    }
  ],
  edges: [{ from: 's', to: 'm', name: 'accuracy', sure: true, hidden: null }]
};

type Answered = (path: string, init: RequestInit) => unknown;

function show(answer: Answered = () => undefined, found: Found = 'there'): { places: IPlaceInCell[]; asked: string[] } {
  const places: IPlaceInCell[] = [];
  const asked = serve((path, _, init) => {
    const own = answer(path, init);
    const routes: Record<string, unknown> = {
      [`runs/${RUN.run_id}`]: RUN,
      [`runs/${RUN.run_id}/why`]: WHY,
      [`runs/${RUN.run_id}/executions`]: { executions: [EXECUTION] },
      jobs: { jobs: [] }
    };
    return own ?? routes[path] ?? new Refusal(404, 'NotFoundError', `No ${path}`);
  });
  const notebooks = {
    hasCurrent: false,
    show: async (_: string, place: IPlaceInCell) => {
      places.push(place);
      return found;
    }
  } as unknown as Notebooks;
  const { context } = contextOf({ memory: new Memory(null, 'test') });
  const args = { run: RUN.run_id, at: 'work/train.ipynb' };
  render(<RunView context={context} args={args} setTitle={() => undefined} notebooks={notebooks} />);
  return { places, asked };
}

async function openWhy(): Promise<HTMLElement> {
  fireEvent.click(await screen.findByRole('button', { name: 'Why accuracy is what it is' }));
  return screen.findByRole('treeitem', { name: /fit\(C\)/ });
}

it('shows NaN as such, and folds the params that nobody chose', async () => {
  show();

  const metrics = await screen.findByRole('table', { name: 'Metrics' });

  expect(within(metrics).getByText('NaN')).toBeTruthy();
  const params = screen.getByRole('table', { name: 'Params' });
  expect(within(params).queryByText('tol')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: '1 param at the default' }));
  expect(within(params).getByText('tol')).toBeTruthy();
});

it('saves a note that is edited in place', async () => {
  const sent: unknown[] = [];
  show((path, init) => {
    if (init.method === 'PATCH') {
      sent.push([path, JSON.parse(String(init.body))]);
    }
    return undefined;
  });

  fireEvent.click(await screen.findByRole('button', { name: 'Note: old note' }));
  const field = screen.getByRole('textbox', { name: 'Note' });
  fireEvent.change(field, { target: { value: 'new note' } });
  fireEvent.keyDown(field, { key: 'Enter', ctrlKey: true });

  await waitFor(() => expect(sent).toEqual([[`runs/${RUN.run_id}`, { note: 'new note' }]]));
});

it('says why a note was not saved, and keeps what was written', async () => {
  show((_, init) => (init.method === 'PATCH' ? new Refusal(403, 'Forbidden', 'Only ana may write here.') : undefined));

  fireEvent.click(await screen.findByRole('button', { name: 'Note: old note' }));
  const field = screen.getByRole('textbox', { name: 'Note' });
  fireEvent.change(field, { target: { value: 'new note' } });
  fireEvent.keyDown(field, { key: 'Enter', ctrlKey: true });

  expect(await screen.findByText('Only ana may write here.')).toBeTruthy();
  expect((screen.getByRole('textbox', { name: 'Note' }) as HTMLTextAreaElement).value).toBe('new note');
});

it('goes to the cell and the line of a statement', async () => {
  const { places } = show();
  const line = await openWhy();

  fireEvent.click(line);

  await waitFor(() => expect(places).toEqual([{ cellId: 'cell-1', source: EXECUTION.source, line: 2, endLine: 2 }]));
  expect(screen.queryByRole('region', { name: 'Kept source' })).toBeNull();
});

it('shows the kept source of a cell that is gone, the line marked', async () => {
  show(undefined, 'gone');
  const line = await openWhy();

  fireEvent.keyDown(line, { key: 'Enter' });

  const kept = await screen.findByRole('region', { name: 'Kept source' });
  expect(kept.querySelector('mark')?.textContent).toContain('fit(C)');
  expect(kept.textContent).toContain('C = 1');
});

it('tells how far a reproduction is, and stops it', async () => {
  const stopped: string[] = [];
  const job = { job: 'j1', kind: 'reproduction', run_id: RUN.run_id, state: 'running', attempt: 1, cell: 2, cells: 5 };
  show((path, init) => {
    if (init.method === 'DELETE') {
      stopped.push(path);
      return { ...job, state: 'stopped' };
    }
    return path === 'jobs' ? { jobs: [job] } : undefined;
  });

  expect(await screen.findByText('Reproducing: cell 2 of 5')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Stop' }));

  await waitFor(() => expect(stopped).toEqual(['jobs/j1']));
});

it('says what is to be done where a run is gone', async () => {
  show(path => (path.startsWith('runs/') ? new Refusal(404, 'NotFoundError', 'No run. List them.') : undefined));

  expect((await screen.findByRole('alert')).textContent).toContain('No run. List them.');
});
