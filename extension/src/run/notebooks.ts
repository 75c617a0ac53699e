import { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Contents } from '@jupyterlab/services';

import { IPlaceInCell, lineNow } from './place';

const MOST_NAMES = 1000;

/** What became of a cell that ran once: found as it was, found with other code now, or not found. */
export type Found = 'there' | 'edited' | 'gone';

/** The notebooks that are open, and what is done in them: go to a cell, put a cell in, open a new one. */
export class Notebooks {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly tracker: INotebookTracker | null,
    private readonly documents: IDocumentManager | null,
    private readonly contents: Contents.IManager
  ) {}

  /** Whether there is a notebook that a cell can be put into. */
  get hasCurrent(): boolean {
    return Boolean(this.tracker?.currentWidget?.content.model);
  }

  /**
   * Show a line of a cell in the notebook that is open, that at `path` before others; open it if none has the cell.
   *
   * A cell that was edited since is shown too, at the line that reads the same now, if there is one.
   */
  async show(path: string, place: IPlaceInCell): Promise<Found> {
    const found = this.find(path, place) ?? (await this.open(path, place));
    if (found === null) {
      return 'gone';
    }
    const [panel, index] = found;
    const cell = panel.content.widgets[index];
    const source = cell.model.sharedModel.getSource();
    const line = lineNow(place, source);
    this.app.shell.activateById(panel.id);
    panel.content.activeCellIndex = index;
    await panel.content.scrollToItem(index, 'center');
    await cell.ready;
    if (line !== null && cell.editor) {
      const end = Math.min(line + place.endLine - place.line, cell.editor.lineCount - 1);
      const selection = {
        start: { line, column: 0 },
        end: { line: end, column: cell.editor.getLine(end)?.length ?? 0 }
      };
      cell.editor.focus();
      cell.editor.setSelection(selection);
      cell.editor.revealSelection(selection);
    }
    return line === null ? 'edited' : 'there';
  }

  /** Put a code cell beneath the active one of the current notebook. Return false where there is none. */
  insert(source: string): boolean {
    const panel = this.tracker?.currentWidget;
    const model = panel?.content.model;
    if (!panel || !model) {
      return false;
    }
    const index = model.cells.length === 0 ? 0 : panel.content.activeCellIndex + 1;
    model.sharedModel.insertCell(index, { cell_type: 'code', source });
    this.app.shell.activateById(panel.id);
    panel.content.activeCellIndex = index;
    void panel.content.scrollToItem(index);
    return true;
  }

  /** Save a notebook in a folder under a name that is free, and open it. Return its path. */
  async create(folder: string, name: string, content: unknown): Promise<string> {
    const path = await this.freePath(folder, name);
    await this.contents.save(path, { type: 'notebook', format: 'json', content });
    this.documents?.openOrReveal(path);
    return path;
  }

  private find(path: string, place: IPlaceInCell): [NotebookPanel, number] | null {
    const panels: NotebookPanel[] = [];
    this.tracker?.forEach(panel => {
      panels.push(panel);
    });
    panels.sort((one, other) => Number(other.context.path === path) - Number(one.context.path === path));
    return firstOf(panels, panel => indexById(panel, place)) ?? firstOf(panels, panel => indexBySource(panel, place));
  }

  private async open(path: string, place: IPlaceInCell): Promise<[NotebookPanel, number] | null> {
    if (!path.endsWith('.ipynb') || !this.documents || this.documents.findWidget(path)) {
      return null;
    }
    const panel = this.documents.openOrReveal(path);
    if (!(panel instanceof NotebookPanel)) {
      return null;
    }
    await panel.revealed;
    await panel.context.ready;
    return this.find(path, place);
  }

  private async freePath(folder: string, name: string): Promise<string> {
    const suffix = PathExt.extname(name);
    const stem = PathExt.basename(name, suffix);
    for (let count = 0; count < MOST_NAMES; count++) {
      const path = PathExt.join(folder, count === 0 ? name : `${stem}-${count}${suffix}`);
      const isThere = await this.contents.get(path, { content: false }).then(
        () => true,
        () => false
      );
      if (!isThere) {
        return path;
      }
    }
    throw new Error(`${folder} has too many notebooks called ${stem}.`);
  }
}

function firstOf(
  panels: readonly NotebookPanel[],
  indexIn: (panel: NotebookPanel) => number
): [NotebookPanel, number] | null {
  for (const panel of panels) {
    const index = indexIn(panel);
    if (index >= 0) {
      return [panel, index];
    }
  }
  return null;
}

function indexById(panel: NotebookPanel, { cellId }: IPlaceInCell): number {
  return cellId === null ? -1 : panel.content.widgets.findIndex(cell => cell.model.id === cellId);
}

function indexBySource(panel: NotebookPanel, { source }: IPlaceInCell): number {
  return panel.content.widgets.findIndex(cell => cell.model.sharedModel.getSource() === source);
}
