import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { ISignal, Signal } from '@lumino/signaling';

import { PREFIX } from './request';

const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 30_000;

/** What the socket says: stores that have changed, and jobs (reproductions) that went on. */
export interface INews {
  readonly changed: readonly string[];
  readonly jobs: readonly string[];
}

/**
 * The one websocket of the page. It is open only while something that is visible listens; when it was away, everything
 * may have changed, and that is told.
 */
export class Live {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  /** Emitted when something shown may have changed. */
  get news(): ISignal<Live, INews> {
    return this._news;
  }

  /** Keep the socket open until what is returned is called. */
  listen(): () => void {
    this._listeners += 1;
    if (this._listeners === 1) {
      this.connect();
    }
    let isDone = false;
    return () => {
      if (!isDone) {
        isDone = true;
        this._listeners -= 1;
        if (this._listeners === 0) {
          this.disconnect();
        }
      }
    };
  }

  private connect(): void {
    const { appendToken, token, wsUrl, WebSocket } = this.settings;
    const query = appendToken && token ? `?token=${encodeURIComponent(token)}` : '';
    const socket = new WebSocket(URLExt.join(wsUrl, PREFIX, 'live') + query);
    this._socket = socket;
    socket.onopen = () => {
      this._wait = FIRST_WAIT_MILLISECONDS;
      if (this._wasAway) {
        this._news.emit({ changed: [], jobs: [] });
      }
      this._wasAway = true;
    };
    socket.onmessage = event => {
      const said = JSON.parse(String(event.data)) as Partial<INews>;
      this._news.emit({ changed: said.changed ?? [], jobs: said.jobs ?? [] });
    };
    socket.onclose = () => {
      if (this._socket === socket) {
        this._timer = window.setTimeout(() => this.connect(), this._wait);
        this._wait = Math.min(2 * this._wait, LONGEST_WAIT_MILLISECONDS);
      }
    };
  }

  private disconnect(): void {
    window.clearTimeout(this._timer);
    const socket = this._socket;
    this._socket = null;
    socket?.close();
  }

  private readonly _news = new Signal<this, INews>(this);
  private _listeners = 0;
  private _socket: WebSocket | null = null;
  private _timer = 0;
  private _wait = FIRST_WAIT_MILLISECONDS;
  private _wasAway = false;
}
