import { ISignal, Signal } from '@lumino/signaling';

import { failureOf } from '../core/answer';
import { ApiError } from '../core/request';
import { IRunRow, IRunsPage } from './api';

export const PAGE = 100;

/** Asks for `limit` runs from `offset` on. */
export type AskPage = (offset: number, limit: number, signal: AbortSignal) => Promise<IRunsPage>;

/** What is there of a list: `rows` is as long as the list, with holes where nothing was asked yet. */
export interface IPages {
  readonly rows: readonly (IRunRow | undefined)[];
  /** Null until the first answer. */
  readonly total: number | null;
  readonly failure: ApiError | null;
}

/**
 * A list of runs of which only the pages that come into view are asked for, one request at a time.
 *
 * What was read is kept. After news, the pages in view are read again, the others when they come into view. In a list
 * with the newest first, runs that are new push what is there down, so that each row stays itself.
 */
export class RunPages {
  constructor(
    private readonly ask: AskPage,
    private readonly isNewestFirst: boolean
  ) {}

  get now(): IPages {
    return this._now;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Say which rows are in view, up to, not with, `end`. */
  look(first: number, end: number): void {
    this._view = { first, end };
    void this.work();
  }

  /** Read what is in view again. */
  refresh(): void {
    this._fresh.clear();
    this._news += 1;
    this._isStopped = false;
    void this.work();
  }

  /** Ask no more. */
  dispose(): void {
    this._aborter.abort();
    Signal.clearData(this);
  }

  private async work(): Promise<void> {
    if (this._isWorking) {
      return;
    }
    this._isWorking = true;
    for (let page = this.next(); page !== null; page = this.next()) {
      await this.load(page);
    }
    this._isWorking = false;
  }

  private next(): number | null {
    if (this._isStopped || this._aborter.signal.aborted) {
      return null;
    }
    const total = this._now.total ?? PAGE;
    const end = Math.min(this._view.end, Math.max(total, 1));
    for (let page = Math.floor(Math.min(this._view.first, end - 1) / PAGE); page * PAGE < end; page += 1) {
      if (!this._fresh.has(page)) {
        return page;
      }
    }
    return null;
  }

  private async load(page: number): Promise<void> {
    const news = this._news;
    const { signal } = this._aborter;
    try {
      const answer = await this.ask(page * PAGE, PAGE, signal);
      if (!signal.aborted) {
        this.take(answer);
        if (news === this._news) {
          this._fresh.add(page);
        }
        this._changed.emit();
      }
    } catch (error) {
      if (!signal.aborted) {
        this._isStopped = true;
        this._now = { ...this._now, failure: failureOf(error) };
        this._changed.emit();
      }
    }
  }

  private take({ offset, runs, total }: IRunsPage): void {
    const more = total - (this._now.total ?? total);
    if (more !== 0) {
      this._fresh.clear();
    }
    const rows = this.isNewestFirst ? pushed(this._now.rows, more) : [...this._now.rows];
    rows.length = total;
    runs.forEach((run, at) => {
      rows[offset + at] = run;
    });
    this._now = { rows, total, failure: null };
  }

  private readonly _aborter = new AbortController();
  private readonly _changed = new Signal<this, void>(this);
  private readonly _fresh = new Set<number>();
  private _isStopped = false;
  private _isWorking = false;
  private _news = 0;
  private _now: IPages = { rows: [], total: null, failure: null };
  private _view = { first: 0, end: 1 };
}

/** Return a list to which so many were added at its top, or taken away there. */
function pushed<Row>(rows: readonly (Row | undefined)[], more: number): (Row | undefined)[] {
  return more > 0 ? new Array<Row | undefined>(more).concat(rows) : rows.slice(-more);
}
