import { nullTranslator } from '@jupyterlab/translation';

import { ApiError } from '../core/request';
import { INotebookAnswer, TrackingState } from './api';
import { runSilently, switchOf } from './switching';

const trans = nullTranslator.load('trackbook');

type Session = Parameters<typeof switchOf>[1];

function session(reply: object | null = { status: 'ok' }): { session: Session; requestExecute: jest.Mock } {
  const requestExecute = jest.fn(() => ({ done: Promise.resolve({ content: reply }) }));
  const kernel = reply === null ? null : { requestExecute };
  return { session: { session: { kernel }, hasNoKernel: false } as unknown as Session, requestExecute };
}

function answer(state: TrackingState, reason: string | null = null): INotebookAnswer {
  return { session: { session_id: 's', state, reason, started_at: null }, run: null, cells: [] };
}

test.each([
  ['on', 'on', '%track off'],
  ['off', 'off', '%track on'],
  ['error', 'error', '%track on'],
  ['ended', 'none', '%load_ext trackbook'],
  ['none', 'none', '%load_ext trackbook']
] as const)('tracking that is %s looks %s, and a click runs %s', (state, look, code) => {
  const found = switchOf(trans, session().session, 'python', answer(state), null);

  expect(found).toMatchObject({ look, code });
});

test('an error says its reason', () => {
  const found = switchOf(trans, session().session, 'python', answer('error', 'The disk is full.'), null);

  expect(found.title).toBe('The disk is full. Click to try again (%track on).');
});

test.each([
  ['without a kernel', session(null).session, 'python', null, 'has no kernel'],
  ['of another language', session().session, 'R', null, 'this one is of R'],
  ['on a server without Trackbook', session().session, 'python', new ApiError(404, 'NoServer', ''), 'Install trackbook']
])('a notebook %s can’t be tracked, and says why', (_, given, language, failure, said) => {
  const found = switchOf(trans, given, language, null, failure);

  expect(found).toMatchObject({ look: 'unready', code: null });
  expect(found.title).toContain(said);
});

test('where there is no store yet, a click loads Trackbook', () => {
  const failure = new ApiError(404, 'NotFoundError', 'There is no store.');

  expect(switchOf(trans, session().session, 'python', null, failure).code).toBe('%load_ext trackbook');
});

test('a magic runs silently, and leaves no trace in the history', async () => {
  const { session: given, requestExecute } = session();

  const failure = await runSilently(trans, given, '%track on');

  expect(failure).toBe('');
  expect(requestExecute).toHaveBeenCalledWith({
    code: '%track on',
    silent: true,
    store_history: false,
    allow_stdin: false
  });
});

test.each([
  [{ status: 'error', ename: 'ModuleNotFoundError', evalue: 'No module' }, '%pip install trackbook'],
  [{ status: 'error', ename: 'StoreError', evalue: 'It is read-only.' }, 'StoreError: It is read-only.'],
  [{ status: 'aborted' }, 'Try again when it is idle']
])('what a kernel answers in %j is said as a sentence', async (reply, said) => {
  const failure = await runSilently(trans, session(reply).session, '%load_ext trackbook');

  expect(failure).toContain(said);
});
