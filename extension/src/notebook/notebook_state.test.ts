import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { contextOf, Refusal, serve } from '../testing/server';
import { NotebookState } from './notebook_state';

const mockExecuted = new Signal<unknown, { notebook: unknown }>({});
jest.mock('@jupyterlab/notebook', () => ({
  get NotebookActions() {
    return { executed: mockExecuted };
  }
}));

const ANSWER = { session: { state: 'on' }, run: null, cells: [] };

function opened() {
  const panel = Object.assign(new Widget(), {
    content: {},
    context: { path: 'work/a.ipynb', pathChanged: new Signal({}), fileChanged: new Signal({}) },
    sessionContext: {
      session: { kernel: { id: 'k1' } },
      kernelChanged: new Signal<unknown, void>({}),
      statusChanged: new Signal<unknown, string>({})
    }
  });
  const { context } = contextOf();
  const state = new NotebookState(panel as never, context);
  Widget.attach(panel, document.body);
  return { context, panel, state };
}

/** Wait until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!holds()) {
    if (Date.now() > deadline) {
      throw new Error(`It never came true: ${String(holds)}`);
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

afterEach(() => {
  jest.restoreAllMocks();
  Signal.clearData(mockExecuted);
});

test('nothing is asked before somebody wants to know', async () => {
  const asked = serve(() => ANSWER);
  const { state } = opened();

  state.refresh();

  expect(asked).toEqual([]);
  expect(state.answer).toBeNull();
});

test('the server is asked with the notebook and its kernel, and the answer is told', async () => {
  const asked = serve(() => ANSWER);
  const { state } = opened();
  const heard = jest.fn();
  state.changed.connect(heard);

  state.isWanted = true;
  await until(() => state.answer !== null);

  expect(asked).toEqual(['notebook?at=work%2Fa.ipynb&kernel=k1']);
  expect(heard).toHaveBeenCalledTimes(1);
});

test('it is asked again when a cell of this notebook has run, and not for another one’s', async () => {
  const asked = serve(() => ANSWER);
  const { panel, state } = opened();
  state.isWanted = true;
  await until(() => asked.length === 1);

  mockExecuted.emit({ notebook: {} });
  mockExecuted.emit({ notebook: panel.content });
  await until(() => asked.length > 1);

  expect(asked).toHaveLength(2);
});

test('many news while an answer is under way lead to one more question', async () => {
  const asked = serve(() => ANSWER);
  const { panel, state } = opened();
  state.isWanted = true;

  for (let turn = 0; turn < 20; turn += 1) {
    mockExecuted.emit({ notebook: panel.content });
  }
  await until(() => asked.length === 2);
  state.isWanted = false;

  expect(asked).toHaveLength(2);
});

test('a hidden notebook asks nothing, and asks when it is shown again', async () => {
  const asked = serve(() => ANSWER);
  const { panel, state } = opened();
  state.isWanted = true;
  await until(() => asked.length === 1);

  panel.hide();
  state.refresh();
  expect(asked).toHaveLength(1);

  panel.show();
  await until(() => asked.length === 2);
});

test('a refusal takes the place of the answer', async () => {
  serve(() => new Refusal(404, 'NotFoundError', 'There is no store in /x.'));
  const { state } = opened();

  state.isWanted = true;
  await until(() => state.failure !== null);

  expect(state.answer).toBeNull();
  expect(state.failure?.kind).toBe('NotFoundError');
});

test('a notebook that is closed is left alone', async () => {
  const asked = serve(() => ANSWER);
  const { panel, state } = opened();
  state.isWanted = true;
  await until(() => asked.length === 1);

  panel.dispose();
  state.refresh();

  expect(state.isDisposed).toBe(true);
  expect(asked).toHaveLength(1);
});
