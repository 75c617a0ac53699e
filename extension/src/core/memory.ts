import { IStateDB } from '@jupyterlab/statedb';
import { ReadonlyJSONValue, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { ISignal, Signal } from '@lumino/signaling';

/**
 * What the panel keeps over a reload: the tab, the query, the columns. Read once, it is at hand without waiting.
 *
 * Don't wait for `ready` while the extension starts: JupyterLab reads its state only after all have started.
 */
export class Memory {
  constructor(
    private readonly state: IStateDB | null,
    private readonly id: string
  ) {
    this.ready = this.load();
  }

  /** Resolves when what was kept is there; it never fails, what can't be read is as if it had never been kept. */
  readonly ready: Promise<void>;

  get isReady(): boolean {
    return this._isReady;
  }

  /** Emits the key of what changed, and an empty one when all became known. */
  get changed(): ISignal<this, string> {
    return this._changed;
  }

  /** Return what is kept under a key, if it is what it should be; it may have been kept by another version. */
  get<Value>(key: string, isValue: (kept: unknown) => kept is Value, otherwise: Value): Value {
    const kept = this._values[key];
    return isValue(kept) ? kept : otherwise;
  }

  /** Keep a value; undefined forgets it. */
  set(key: string, value: ReadonlyJSONValue | undefined): void {
    const others = Object.entries(this._values).filter(([each]) => each !== key);
    this._values = Object.fromEntries(value === undefined ? others : [...others, [key, value]]);
    this._changed.emit(key);
    if (this._isReady) {
      void this.state?.save(this.id, this._values);
    }
  }

  private async load(): Promise<void> {
    const kept = await this.state?.fetch(this.id).catch(() => undefined);
    if (typeof kept === 'object' && kept !== null && !Array.isArray(kept)) {
      this._values = { ...(kept as ReadonlyPartialJSONObject), ...this._values };
    }
    this._isReady = true;
    this._changed.emit('');
  }

  private readonly _changed = new Signal<this, string>(this);
  private _isReady = false;
  private _values: ReadonlyPartialJSONObject = {};
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isText);
}

export function isNumbers(value: unknown): value is Readonly<Record<string, number>> {
  return typeof value === 'object' && value !== null && Object.values(value).every(each => typeof each === 'number');
}
