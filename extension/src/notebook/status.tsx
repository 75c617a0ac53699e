import { ReactWidget } from '@jupyterlab/apputils';
import { ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { oneLine } from '../components/format';
import { stateWord } from '../components/states';
import { IContext } from '../core/context';
import { trackbookIcon } from '../core/icon';
import { ICurrentRun } from './api';
import { NotebookState } from './notebook_state';

/** The current notebook's run, in the status bar; a click opens it. */
export class StatusRun extends ReactWidget {
  constructor(private readonly context: IContext) {
    super();
    this.addClass('tb-StatusRun');
  }

  /** The notebook that is current, null if none is. */
  set state(state: NotebookState | null) {
    this._state?.changed.disconnect(this.hear, this);
    this._state = state;
    state?.changed.connect(this.hear, this);
    this.hear();
  }

  /** The run that is shown. */
  get run(): ICurrentRun | null {
    return this._state?.answer?.run ?? null;
  }

  /** Emitted when there may be a run to show where there was none, or the other way round. */
  get runChanged(): ISignal<StatusRun, void> {
    return this._runChanged;
  }

  protected override render(): JSX.Element {
    const { run } = this;
    if (run === null) {
      return <></>;
    }
    const { trans } = this.context;
    const name = oneLine(run.name);
    const status = stateWord(trans, run.status);
    return (
      <button
        className="tb-StatusRun-button"
        title={trans.__('The notebook’s current run, %1 (%2). Click to open it.', name, status)}
        aria-label={trans.__('Open the current run %1, %2', name, status)}
        onClick={() => this.open(run)}
      >
        <trackbookIcon.react tag="span" className="tb-StatusRun-icon" />
        {name}
        <span className="tb-StatusRun-status">{status}</span>
      </button>
    );
  }

  private open(run: ICurrentRun): void {
    const at = this._state?.panel.context.path ?? '';
    void this.context.commands.execute('trackbook:open-run', { run: run.run_id, at });
  }

  private hear(): void {
    this.update();
    this._runChanged.emit();
  }

  private _state: NotebookState | null = null;
  private readonly _runChanged = new Signal<this, void>(this);
}
