import { Signal } from '@lumino/signaling';

import { contextOf } from '../testing/server';
import { INotebookAnswer, IMark } from './api';
import { CellMarks } from './cell_marks';
import { NotebookState } from './notebook_state';

jest.mock('@jupyterlab/notebook', () => ({ NotebookActions: {} }));

const STALE: IMark = { kind: 'stale', reason: 'Cell 1 ran again.', metrics: [] };
const MEASURED: IMark = {
  kind: 'metrics',
  reason: null,
  metrics: [{ key: 'f1', value: 0.5, run_id: 'r1', run_name: 'brave-otter' }]
};

class FakeCell {
  readonly node = document.createElement('div');
  readonly model: { id: string; isDirty: boolean };
  readonly ready: Promise<void>;

  constructor(id: string, isRendered = true) {
    this.model = { id, isDirty: false };
    this._isRendered = isRendered;
    this.ready = new Promise(resolve => {
      this.renderNow = () => {
        this._isRendered = true;
        resolve();
      };
    });
  }

  isPlaceholder(): boolean {
    return !this._isRendered;
  }

  renderNow: () => void = () => undefined;
  private _isRendered: boolean;
}

/** A notebook with some cells; `tell` changes what the store says of them. */
function notebook(cells: FakeCell[]) {
  const content = { widgets: cells, modelContentChanged: new Signal<unknown, void>({}) };
  const panel = { content, context: { path: 'a.ipynb' }, disposed: new Signal<unknown, void>({}) };
  const state = { panel, answer: null as INotebookAnswer | null, changed: new Signal<unknown, void>({}) };
  const { context, opened } = contextOf();
  const marks = new CellMarks(context, state as unknown as NotebookState);
  const tell = async (told: Record<string, IMark[]>, isOn = true): Promise<void> => {
    const session = { session_id: 's', state: isOn ? 'on' : 'ended', reason: null, started_at: null } as const;
    const marked = Object.entries(told).map(([cell_id, each]) => ({ cell_id, source_digest: null, marks: each }));
    state.answer = { session, run: null, cells: marked };
    state.changed.emit();
    await drawn();
  };
  return { marks, content, tell, opened };
}

function drawn(): Promise<unknown> {
  return new Promise(resolve => window.requestAnimationFrame(() => window.requestAnimationFrame(resolve)));
}

function reasonOf(cell: FakeCell): string | null | undefined {
  return cell.node.querySelector('.tb-CellSign [role="img"]')?.getAttribute('aria-label');
}

test('a mark stands in the cell with its id, and goes when there is none any more', async () => {
  const [one, other] = [new FakeCell('one'), new FakeCell('other')];
  const { tell } = notebook([one, other]);

  await tell({ other: [STALE] });
  expect([reasonOf(one), reasonOf(other)]).toEqual([undefined, 'Stale: Cell 1 ran again.']);

  await tell({ one: [STALE] });
  expect([reasonOf(one), reasonOf(other)]).toEqual(['Stale: Cell 1 ran again.', undefined]);
});

test('a cell that JupyterLab makes anew, as it does of one that is moved, gets its mark', async () => {
  const { content, tell } = notebook([new FakeCell('one')]);
  await tell({ one: [STALE] });
  const again = new FakeCell('one');

  content.widgets = [again];
  content.modelContentChanged.emit();
  await drawn();

  expect(reasonOf(again)).toBe('Stale: Cell 1 ran again.');
});

test('a cell that is not rendered yet gets its mark when it is', async () => {
  const cell = new FakeCell('one', false);
  const { tell } = notebook([cell]);
  await tell({ one: [STALE] });
  expect(reasonOf(cell)).toBeUndefined();

  cell.renderNow();
  await drawn();

  expect(reasonOf(cell)).toBe('Stale: Cell 1 ran again.');
});

test('what is the same is not drawn again', async () => {
  const cell = new FakeCell('one');
  const { tell } = notebook([cell]);
  await tell({ one: [MEASURED] });
  const node = cell.node.querySelector('button');

  await tell({ one: [MEASURED] });

  expect(cell.node.querySelector('button')).toBe(node);
});

test('a click on metrics opens their run, with the notebook that it was asked from', async () => {
  const cell = new FakeCell('one');
  const { opened, tell } = notebook([cell]);
  await tell({ one: [MEASURED] });

  cell.node.querySelector('button')?.click();

  expect(opened).toEqual([['run', { run: 'r1', at: 'a.ipynb' }]]);
});

test('of a kernel that is gone only what was measured is marked', async () => {
  const cell = new FakeCell('one');
  const { tell } = notebook([cell]);

  await tell({ one: [STALE, MEASURED] }, false);

  expect(reasonOf(cell)).toBeUndefined();
  expect(cell.node.textContent).toContain('f1 0.5');
});

test('metrics of a cell are of before once it is edited', async () => {
  const cell = new FakeCell('one');
  const { content, tell } = notebook([cell]);
  await tell({ one: [MEASURED] });

  cell.model.isDirty = true;
  content.modelContentChanged.emit();
  await drawn();

  expect(cell.node.querySelector('.tb-mod-edited')).not.toBeNull();
});

test('marks that are switched off leave nothing behind', async () => {
  const cell = new FakeCell('one');
  const { marks, tell } = notebook([cell]);
  await tell({ one: [STALE, MEASURED] });

  marks.dispose();

  expect(cell.node.childElementCount).toBe(0);
});
