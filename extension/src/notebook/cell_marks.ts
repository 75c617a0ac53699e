import { NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { IContext } from '../core/context';
import { IMark, INotebookAnswer } from './api';
import { metricsOf, signOf } from './marks';
import { NotebookState } from './notebook_state';

/** Return the marks by cell. What a kernel that is gone had read matters no more; what was measured stays so. */
export function marksOf(answer: INotebookAnswer | null): ReadonlyMap<string, readonly IMark[]> {
  const isGone = answer?.session.state === 'ended' || answer?.session.state === 'none';
  const pairs = (answer?.cells ?? []).map(({ cell_id: id, marks }): [string, readonly IMark[]] => [
    id,
    isGone ? marks.filter(mark => mark.kind === 'metrics') : marks
  ]);
  return new Map(pairs);
}

type Cell = NotebookPanel['content']['widgets'][number];

const NONE: readonly IMark[] = [];

/**
 * The marks of a notebook's cells. They follow the cells by their ids; what a cell shows is drawn anew only when that
 * is another thing, and of a cell that JupyterLab has not rendered yet when it is.
 */
export class CellMarks implements IDisposable {
  constructor(
    private readonly context: IContext,
    private readonly state: NotebookState
  ) {
    this._panel = state.panel;
    state.changed.connect(this.draw, this);
    this._panel.content.modelContentChanged.connect(this.draw, this);
    this._panel.disposed.connect(this.dispose, this);
    this.draw();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.clearData(this);
    for (const cell of this._panel.content.widgets ?? []) {
      this.drawCell(cell, NONE);
    }
  }

  private draw(): void {
    if (this._isDrawing || this._isDisposed) {
      return;
    }
    this._isDrawing = true;
    window.requestAnimationFrame(() => {
      this._isDrawing = false;
      if (this._isDisposed) {
        return;
      }
      const marks = marksOf(this.state.answer);
      for (const cell of this._panel.content.widgets) {
        this.drawCell(cell, marks.get(cell.model.id) ?? NONE);
      }
    });
  }

  private drawCell(cell: Cell, marks: readonly IMark[]): void {
    const last = this._drawn.get(cell);
    const isEdited = 'isDirty' in cell.model && cell.model.isDirty === true;
    const look = marks.length === 0 ? '' : JSON.stringify([marks, isEdited]);
    if (look === (last?.look ?? '')) {
      return;
    }
    if (cell.isPlaceholder()) {
      void cell.ready.then(() => this.draw());
      return;
    }
    last?.nodes.forEach(node => node.remove());
    const { trans } = this.context;
    const made = [signOf(trans, marks), metricsOf(trans, marks, isEdited, run => this.open(run))];
    const nodes = made.filter(node => node !== null);
    cell.node.append(...nodes);
    this._drawn.set(cell, { look, nodes });
  }

  private open(run: string): void {
    void this.context.commands.execute('trackbook:open-run', { run, at: this._panel.context.path });
  }

  private readonly _panel: NotebookPanel;
  private readonly _drawn = new WeakMap<Cell, { readonly look: string; readonly nodes: readonly HTMLElement[] }>();
  private _isDrawing = false;
  private _isDisposed = false;
}
