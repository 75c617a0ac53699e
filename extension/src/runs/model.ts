import { ISignal, Signal } from '@lumino/signaling';

import { isNumbers, isText, isTexts, Memory } from '../core/memory';
import { IRunRow } from './api';

/** Which runs are listed: those of the current notebook's experiment, of all, or of one by name. */
export type Choice = { readonly kind: 'notebook' } | { readonly kind: 'all' } | { readonly kind: 'named'; name: string };

const NAMED = 'experiment:';

/**
 * What somebody chose to see of runs, kept over a reload, and which runs are selected. The tab draws it, commands act on
 * it.
 */
export class RunsModel {
  constructor(private readonly memory: Memory) {
    memory.changed.connect(() => this._changed.emit());
  }

  get changed(): ISignal<this, void> {
    return this._changed;
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

  /** The selected runs, as far as they were read. */
  get selectedRuns(): readonly IRunRow[] {
    return [...this._selected].flatMap(run_id => this._known.get(run_id) ?? []);
  }

  /** Take note of runs that were read, so that commands can act on those selected. */
  know(runs: Iterable<IRunRow | undefined>): void {
    for (const run of runs) {
      if (run && this._selected.has(run.run_id)) {
        this._known.set(run.run_id, run);
      }
    }
  }

  focusQuery(): void {
    this._queryWanted.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private readonly _known = new Map<string, IRunRow>();
  private readonly _queryWanted = new Signal<this, void>(this);
  private _selected: ReadonlySet<string> = new Set();
}
