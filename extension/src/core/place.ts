import { ISignal, Signal } from '@lumino/signaling';

/** Which notebook or folder the panel shows the store of: a path beneath the server's root, empty for the root. */
export class Place {
  get path(): string {
    return this._path;
  }

  set path(path: string) {
    if (path !== this._path) {
      this._path = path;
      this._changed.emit(path);
    }
  }

  get changed(): ISignal<Place, string> {
    return this._changed;
  }

  private _path = '';
  private readonly _changed = new Signal<this, string>(this);
}
