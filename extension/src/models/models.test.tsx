import { act, fireEvent, render, renderHook, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { Place } from '../core/place';
import { contextOf, Refusal, serve } from '../testing/server';
import { IModelCard, IModelRow } from './api';
import { useModels } from './pages';
import { fieldsOf } from './signature';
import { metricsText, ModelsTab } from './tab';
import { ModelView } from './view';
import { rankedWeights } from './weights';

function row(id: string, parts: Partial<IModelRow> = {}): IModelRow {
  return {
    model_id: id,
    name: 'model',
    class_name: 'sklearn.linear_model._logistic.LogisticRegression',
    run_id: `run-${id}`,
    run_name: `name-${id}`,
    experiment: 'iris',
    run_status: 'FINISHED',
    started_at: '2026-11-02T10:00:00+00:00',
    signature: {},
    n_features: 4,
    importances: {},
    metrics: { loss: 0.25, 'test.f1': 'NaN' },
    size: 1000,
    is_kept: true,
    published: [],
    ...parts
  };
}

const CARD: IModelCard = {
  ...row('m1'),
  features: ['a', 'b'],
  coefficients: {},
  details: { type: 'classifier', default_params: ['tol'] },
  params: { C: 0.5, tol: 0.001 },
  defaults: ['tol'],
  datasets: [{ name: 'X', role: 'train', rows: 3, shape: [3, 4] }],
  load: "trackbook.get_run('run-m1').load_model('model')"
};

function show(card: IModelCard, publish: () => unknown = () => ({ name: 'iris', version: 3 })) {
  const asked = serve((_path, _query, init) => (init.method === 'POST' ? publish() : card));
  const { context, opened } = contextOf();
  render(<ModelView context={context} args={{ run: 'r', model: 'm1', at: 'a' }} setTitle={jest.fn()} />);
  return { asked, opened };
}

beforeEach(() => {
  jest.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
});

afterEach(() => jest.restoreAllMocks());

test('models are told apart by their run, with the metric on test data first', async () => {
  const models = [row('m1'), row('m2', { published: [{ name: 'iris', version: 2 }] })];
  serve(() => ({ models, total: 2, next_offset: null }));
  const { context, opened } = contextOf({ place: new Place() });
  render(<ModelsTab context={context} />);

  const links = await screen.findAllByRole('button', { name: 'LogisticRegression' });
  fireEvent.click(links[1]);

  const rows = screen.getAllByRole('row').map(each => each.textContent);
  expect(rows[1]).toMatch(/LogisticRegressionname-m1NaNtest\.f1/);
  expect(rows[2]).toMatch(/LogisticRegressionname-m2, iris@2/);
  expect(opened).toEqual([['model', { run: 'run-m2', model: 'm2', at: '' }]]);
});

test('models are found by the server, by a part of their name or class', async () => {
  const asked = serve((_, query) => ({ models: query.get('name') ? [] : [row('m1')], total: 1, next_offset: null }));
  render(<ModelsTab context={contextOf({ place: new Place() }).context} />);

  fireEvent.change(await screen.findByRole('searchbox'), { target: { value: ' forest ' } });

  expect(await screen.findByText('No model has “forest” in its name or class.')).toBeTruthy();
  expect(asked).toContain('models?name=forest&limit=100');
});

test('further pages are asked for one at a time, and put behind the first', async () => {
  const asked = serve((_, query) => {
    const offset = Number(query.get('offset') ?? 0);
    const next = offset < 200 ? offset + 100 : null;
    return { models: [row(`m${offset}`), row('twice')], total: 300, offset, next_offset: next };
  });
  const { context } = contextOf();
  const { result } = renderHook(() => useModels(context, '', ''));
  await waitFor(() => expect(result.current.models).toHaveLength(2));

  act(() => {
    result.current.loadMore();
    result.current.loadMore();
  });
  await waitFor(() => expect(result.current.models).toHaveLength(3));
  act(() => result.current.loadMore());
  await waitFor(() => expect(result.current.isWhole).toBe(true));

  expect(result.current.models.map(model => model.model_id)).toEqual(['m0', 'twice', 'm100', 'm200']);
  expect(asked).toEqual(['models?limit=100', 'models?limit=100&offset=100', 'models?limit=100&offset=200']);
});

test('a card shows the code that loads the model, and opens its run', async () => {
  const { opened } = show(CARD);

  expect(await screen.findByText("trackbook.get_run('run-m1').load_model('model')")).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'name-m1' }));

  expect(opened).toEqual([['run', { run: 'run-m1', at: 'a' }]]);
});

test('params that nobody chose are shown on request', async () => {
  show(CARD);
  const more = await screen.findByRole('button', { name: 'Show 1 default' });
  expect(screen.queryByText('tol')).toBeNull();

  fireEvent.click(more);

  expect(screen.getByText('tol')).toBeTruthy();
});

test('a model is published by a name, and the version is told', async () => {
  const { asked } = show(CARD);
  fireEvent.change(await screen.findByRole('textbox'), { target: { value: ' iris ' } });

  fireEvent.click(screen.getByRole('button', { name: 'Publish' }));

  expect(await screen.findByText('It is version 3 of iris.')).toBeTruthy();
  expect(asked).toContain('runs/r/models/m1/versions?at=a');
});

test('a name that is refused is said, in the server’s words', async () => {
  show(CARD, () => new Refusal(400, 'InvalidValueError', "Nothing can be called 'a b'."));
  fireEvent.change(await screen.findByRole('textbox'), { target: { value: 'a b' } });

  fireEvent.click(screen.getByRole('button', { name: 'Publish' }));

  expect((await screen.findByRole('alert')).textContent).toBe("Nothing can be called 'a b'.");
});

test('a model that is not kept offers neither code nor publication, and says why', async () => {
  show({ ...CARD, is_kept: false, size: null, load: null });

  expect(await screen.findByText(/Only what this model looks like is kept/)).toBeTruthy();
  expect(screen.queryByRole('textbox')).toBeNull();
});

test('features are ranked by weight whatever their sign, without what can’t be drawn', () => {
  const ranked = rankedWeights({ a: 0.1, b: -3, c: 'NaN', d: 'Infinity', e: [1], f: 2 });

  expect(ranked.map(each => each.name)).toEqual(['b', 'f', 'a']);
});

test('a signature gives columns in and out; without one the names of features do', () => {
  const signature = { inputs: [{ name: 'x', dtype: 'int64' }], target: { name: 'y', dtype: 'bool' } };

  expect(fieldsOf({ ...CARD, signature })).toEqual({
    inputs: [{ name: 'x', dtype: 'int64' }],
    outputs: [{ name: 'y', dtype: 'bool' }]
  });
  expect(fieldsOf(CARD).inputs.map(each => each.name)).toEqual(['a', 'b']);
});

test('metrics are told from one place in their order to another', () => {
  expect(metricsText({ loss: 1, 'test.f1': 0.5, auc: 'NaN' })).toBe('test.f1 0.5, loss 1, auc NaN');
  expect(metricsText({ loss: 1, 'test.f1': 0.5 }, 1, 2)).toBe('loss 1');
});
