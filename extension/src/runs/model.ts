import { ISignal, Signal } from '@lumino/signaling';

import { isNumbers, isText, isTexts, Memory } from '../core/memory';
import { IRunRow } from './api';
import { DEFAULT_COLUMNS } from './fields';
import { IListed } from './tree';

/** Which runs are listed: those of the current notebook's experiment, of all, or of one by name. */
export type Choice = { readonly kind: 'notebook' | 'all' } | { readonly kind: 'named'; readonly name: string };

const NAMED = 'experiment:';

/** What somebody chose to see of runs, kept over a reload, and what is selected. The tab draws it, commands act. */
export class RunsModel {
  constructor(private readonly memory: Memory) {
    memory.changed.connect(() => this._changed.emit());
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** How high rows are. */
  get density(): 'compact' | 'comfortable' {
    return this._density;
  }

  set density(density: 'compact' | 'comfortable') {
    this._density = density;
    this._changed.emit();
  }

  /** The columns of experiments for which nobody chose any. */
  get defaultColumns(): readonly string[] {
    return this._defaultColumns;
  }

  set defaultColumns(columns: readonly string[]) {
    this._defaultColumns = columns;
    this._changed.emit();
  }

  /** Emitted when the query box is to be focused. */
  get queryWanted(): ISignal<this, void> {
    return this._queryWanted;
  }

  get choice(): Choice {
    const kept = this.memory.get('experiment', isText, 'notebook');
    if (kept.startsWith(NAMED)) {
      return { kind: 'named', name: kept.slice(NAMED.length) };
    }
    return { kind: kept === 'all' ? 'all' : 'notebook' };
  }

  set choice(choice: Choice) {
    this.memory.set('experiment', choice.kind === 'named' ? NAMED + choice.name : choice.kind);
  }

  get query(): string {
    return this.memory.get('query', isText, '');
  }

  set query(query: string) {
    this.memory.set('query', query.trim());
  }

  get widths(): Readonly<Record<string, number>> {
    return this.memory.get('widths', isNumbers, {});
  }

  resize(column: string, width: number): void {
    this.memory.set('widths', { ...this.widths, [column]: Math.round(width) });
  }

  /** Return the columns that somebody chose for an experiment, null if nobody did. */
  columns(experiment: string): readonly string[] | null {
    return this.memory.get<readonly string[] | null>(`columns:${experiment}`, isTexts, null);
  }

  /** Choose columns; null goes back to those of the settings. */
  setColumns(experiment: string, columns: readonly string[] | null): void {
    this.memory.set(`columns:${experiment}`, columns ? [...columns] : undefined);
  }

  /** What runs are grouped by: `params.model`; empty for not at all. */
  get group(): string {
    return this.memory.get('group', isText, '');
  }

  set group(field: string) {
    this.memory.set('group', field);
  }

  get selected(): ReadonlySet<string> {
    return this._selected;
  }

  set selected(run_ids: ReadonlySet<string>) {
    this._selected = run_ids;
    this._changed.emit();
  }

  /** What is listed now, so that commands can act on the runs that are selected. */
  listed: readonly (IListed | undefined)[] = [];

  /** The selected runs, in the order of the list. */
  get selectedRuns(): readonly IRunRow[] {
    const found = this.listed.filter(each => each !== undefined && this._selected.has(each.run.run_id));
    return found.flatMap(each => each?.run ?? []);
  }

  focusQuery(): void {
    this._queryWanted.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _defaultColumns: readonly string[] = DEFAULT_COLUMNS;
  private _density: 'compact' | 'comfortable' = 'comfortable';
  private readonly _queryWanted = new Signal<this, void>(this);
  private _selected: ReadonlySet<string> = new Set();
}
