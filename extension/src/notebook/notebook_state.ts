import { NotebookActions, NotebookPanel } from '@jupyterlab/notebook';
import { IDisposable } from '@lumino/disposable';
import { MessageLoop, Message } from '@lumino/messaging';
import { ISignal, Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { failureOf } from '../core/answer';
import { IContext } from '../core/context';
import { ApiError, request } from '../core/request';
import { INotebookAnswer } from './api';

const PAUSE_MILLISECONDS = 200;

/**
 * What the store knows of one open notebook. It is asked for while the notebook is seen and somebody wants to know:
 * when the store changes, a cell has run, the file was saved, or its kernel is another one. No code is run for it.
 */
export class NotebookState implements IDisposable {
  constructor(
    readonly panel: NotebookPanel,
    private readonly context: IContext
  ) {
    MessageLoop.installMessageHook(panel, this._hook);
    panel.disposed.connect(() => this.dispose());
    panel.context.pathChanged.connect(this.refresh, this);
    panel.context.fileChanged.connect(this.refresh, this);
    panel.sessionContext.kernelChanged.connect(this.refresh, this);
    panel.sessionContext.statusChanged.connect(this._hearStatus, this);
    NotebookActions.executed.connect(this._hearExecuted, this);
  }

  /** The last answer, null before the first and while there is a failure. */
  get answer(): INotebookAnswer | null {
    return this._answer;
  }

  get failure(): ApiError | null {
    return this._failure;
  }

  get changed(): ISignal<NotebookState, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether anything shows what is known here; else nothing is asked. */
  set isWanted(isWanted: boolean) {
    this._isWanted = isWanted;
    this.follow();
  }

  /** Ask soon; while an answer is under way, once more after it. */
  refresh(): void {
    if (!this._isFollowing) {
      return;
    }
    if (this._isAsking) {
      this._isAgain = true;
      return;
    }
    void this.ask();
  }

  /** Ask once, where nothing is known because nobody wanted to. */
  async ensure(): Promise<void> {
    if (!this._isFollowing && !this._isAsking) {
      await this.ask();
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this.follow();
    MessageLoop.removeMessageHook(this.panel, this._hook);
    Signal.clearData(this);
  }

  private async ask(): Promise<void> {
    this._isAsking = true;
    const at = this.panel.context.path;
    const kernel = this.panel.sessionContext.session?.kernel?.id;
    try {
      const answer = await request<INotebookAnswer>('notebook', { at, kernel });
      this.tell(answer, null);
    } catch (error) {
      this.tell(null, failureOf(error));
    }
    await new Promise(resolve => window.setTimeout(resolve, PAUSE_MILLISECONDS));
    this._isAsking = false;
    if (this._isAgain) {
      this._isAgain = false;
      this.refresh();
    }
  }

  private tell(answer: INotebookAnswer | null, failure: ApiError | null): void {
    if (!this._isDisposed) {
      this._answer = answer;
      this._failure = failure;
      this._changed.emit();
    }
  }

  /** Listen while the notebook is seen and wanted, and at no other time. */
  private follow(): void {
    const isFollowing = this._isWanted && !this._isDisposed && this.panel.isVisible;
    if (isFollowing === this._isFollowing) {
      return;
    }
    this._isFollowing = isFollowing;
    if (isFollowing) {
      this._leave = this.context.live.listen();
      this.context.live.news.connect(this.refresh, this);
      this.refresh();
    } else {
      this.context.live.news.disconnect(this.refresh, this);
      this._leave();
    }
  }

  private _hearExecuted(_: unknown, { notebook }: { notebook: Widget }): void {
    if (notebook === this.panel.content) {
      this.refresh();
    }
  }

  private _hearStatus(_: unknown, status: string): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead' || status === 'idle') {
      this.refresh();
    }
  }

  private readonly _hook = (_: unknown, message: Message): boolean => {
    if (message.type === 'after-show' || message.type === 'after-hide' || message.type === 'after-attach') {
      this.follow();
    }
    return true;
  };

  private _answer: INotebookAnswer | null = null;
  private _failure: ApiError | null = null;
  private _isDisposed = false;
  private _isWanted = false;
  private _isFollowing = false;
  private _isAsking = false;
  private _isAgain = false;
  private _leave: () => void = () => undefined;
  private readonly _changed = new Signal<this, void>(this);
}
