import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { nullTranslator } from '@jupyterlab/translation';
import * as React from 'react';

import { Place } from '../core/place';
import { contextOf, serve } from '../testing/server';
import { IPipelineRun, IShownPipeline, IStep } from './api';
import { PipelinesTab } from './tab';
import { PipelineView } from './view';
import { secondsOf, stepLine } from './words';

const trans = nullTranslator.load('trackbook');

function step(name: string, parts: Partial<IStep> = {}): IStep {
  return {
    name,
    notebook: `${name}.ipynb`,
    needs: [],
    data: {},
    state: 'finished',
    reason: 'first run',
    params: {},
    attempt: 1,
    attempts: 1,
    started_at: '2026-11-02T10:00:00+00:00',
    seconds: 2,
    metrics: {},
    run_id: `run-of-${name}`,
    cell: null,
    cells: null,
    error: null,
    warnings: [],
    reads: [],
    publishes: [],
    ...parts
  };
}

function run(id: string, word: string): IPipelineRun {
  return {
    run_id: id,
    name: id,
    status: word === 'running' ? 'RUNNING' : 'FINISHED',
    word,
    started_at: '2026-11-02T10:00:00+00:00',
    finished_at: null,
    seconds: 9,
    error: null,
    resumes: null
  };
}

const FAILED = step('check', {
  state: 'failed',
  needs: ['load'],
  data: { load: ['rows@3'] },
  error: { type: 'KeyError', message: "'x'", cell: 3, line: 2, code: '  d["x"]' }
});
const STEPS = [
  step('load'),
  step('clean', { state: 'running', needs: ['load'], cell: 2, cells: 5, metrics: {} }),
  FAILED,
  step('report', { state: 'waiting', needs: ['clean', 'check'], run_id: null, reason: 'never run' })
];
const SHOWN: IShownPipeline = {
  pipeline: 'bikes',
  file: '/work/pipe line.yaml',
  run: run('p1', 'failed'),
  is_live: false,
  knows_graph: true,
  steps: STEPS
};
const EVIL = '<img src=x onerror=alert(1)>';

function answers(path: string): unknown {
  if (path === 'pipelines') {
    const runs = [run('p2', 'running'), run('p1', 'failed')];
    return { pipelines: [{ name: 'bikes', file: SHOWN.file, runs, total: 2 }] };
  }
  if (path.endsWith('/log')) {
    const cell = { execution_id: 'e1', index: 1, count: 7, source: EVIL, started_at: SHOWN.run.started_at };
    const cells = [{ ...cell, seconds: 1, outcome: 'ok', outputs: [], failure: null }];
    return { step: 'x', run_id: 'r', state: 'finished', attempts: ['r'], cells };
  }
  return { ...SHOWN, run: run(path.slice('pipelines/'.length), 'failed') };
}

function show() {
  const { context, opened } = contextOf();
  render(<PipelineView context={context} args={{ run: 'p1', at: 'a' }} setTitle={jest.fn()} />);
  return { opened };
}

beforeEach(() => {
  jest.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
});

afterEach(() => jest.restoreAllMocks());

test('pipelines are listed with their last runs, each of which opens its graph', async () => {
  serve(answers);
  const { context, opened } = contextOf({ place: new Place() });
  render(<PipelinesTab context={context} />);

  fireEvent.click(await screen.findByRole('button', { name: /^p1: failed/ }));
  fireEvent.click(screen.getByRole('button', { name: 'bikes' }));

  expect(opened).toEqual([
    ['pipeline', { run: 'p1', at: '' }],
    ['pipeline', { run: 'p2', at: '' }]
  ]);
});

test('where no pipeline ran it is said how to run one', async () => {
  serve(() => ({ pipelines: [] }));
  render(<PipelinesTab context={contextOf({ place: new Place() }).context} />);

  expect(await screen.findByText('trackbook pipeline run')).toBeTruthy();
});

test('the step that failed is shown first, with where and why, and its line', async () => {
  serve(answers);
  show();

  const detail = await screen.findByRole('region', { name: 'Step check' });

  expect(within(detail).getByRole('alert').textContent).toBe("cell 3, line 2: KeyError: 'x'd[\"x\"]");
  expect(within(detail).getByText('load (rows@3)')).toBeTruthy();
});

test('one step is reached by Tab, the others by arrows along the lines', async () => {
  serve(answers);
  show();
  const check = await screen.findByRole('button', { name: /^check, failed/ });
  expect(screen.getAllByRole('button', { name: /^(load|clean|check|report), / }).map(each => each.tabIndex)).toEqual([
    -1, -1, 0, -1
  ]);

  fireEvent.keyDown(check, { key: 'ArrowLeft' });
  expect(document.activeElement?.getAttribute('aria-label')).toMatch(/^load, finished/);

  fireEvent.keyDown(document.activeElement as Element, { key: 'End' });
  expect(document.activeElement?.getAttribute('aria-label')).toMatch(/^report, waiting: waits for clean, check/);
  expect(await screen.findByText('This step has not run: it has no log.')).toBeTruthy();
});

test('code of a step is text, whatever it looks like', async () => {
  serve(answers);
  show();

  expect(await screen.findByText(EVIL)).toBeTruthy();
  expect(document.querySelector('img')).toBeNull();
});

test('the run of a step opens, and a newer run of the pipeline is offered', async () => {
  const asked = serve(answers);
  const { opened } = show();
  const detail = await screen.findByRole('region', { name: 'Step check' });

  fireEvent.click(within(detail).getByRole('button', { name: 'Open its run' }));
  fireEvent.click(await screen.findByRole('button', { name: 'Show the newest' }));

  expect(opened).toEqual([['run', { run: 'run-of-check', at: 'a' }]]);
  await waitFor(() => expect(asked).toContain('pipelines/p2?at=a'));
});

test('the command that goes on can be copied, its path as a shell takes it', async () => {
  serve(answers);
  show();

  expect(await screen.findByText("trackbook pipeline resume '/work/pipe line.yaml'")).toBeTruthy();
});

test.each([
  [STEPS[1], 'cell 2 of 5, 3.0 s'],
  [step('a', { state: 'running', attempt: 2, attempts: 3 }), 'starting, try 2 of 3, 3.0 s'],
  [step('a', { metrics: { f1: 0.5, auc: 'NaN', more: 1 } }), 'finished in 3.0 s, f1 0.5, auc NaN'],
  [FAILED, "cell 3, line 2: KeyError: 'x'"],
  [step('a', { state: 'skipped', reason: 'up to date' }), 'up to date'],
  [step('a', { state: 'waiting', needs: ['b', 'c', 'd'] }), 'waits for b, c, … +1']
])('how a step stands is told in one line', (given, told) => {
  expect(stepLine(trans, given, 3)).toBe(told);
});

test('what goes on is timed from its beginning, what ended is not', () => {
  const began = '2026-11-02T10:00:00+00:00';
  const now = Date.parse('2026-11-02T10:01:00+00:00');

  expect(secondsOf(began, null, true, now)).toBe(60);
  expect(secondsOf(began, 7, false, now)).toBe(7);
});
