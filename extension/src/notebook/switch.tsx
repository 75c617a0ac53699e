import { Notification, ReactWidget } from '@jupyterlab/apputils';
import * as React from 'react';

import { IContext } from '../core/context';
import { trackbookIcon } from '../core/icon';
import { NotebookState } from './notebook_state';
import { runSilently, switchOf } from './switching';

/** The switch in a notebook's toolbar: whether it is tracked, and a click that changes that. */
export class Switch extends ReactWidget {
  constructor(
    private readonly context: IContext,
    private readonly state: NotebookState
  ) {
    super();
    this.addClass('tb-Switch');
    state.changed.connect(this.update, this);
    state.panel.sessionContext.kernelChanged.connect(this.hearKernel, this);
    state.panel.sessionContext.statusChanged.connect(this.update, this);
  }

  /** Load Trackbook into the kernel, or switch it on or off: what the switch says that it does. */
  async flip(): Promise<void> {
    await this.state.ensure();
    const { code } = this.look();
    if (code === null || this._isBusy) {
      return;
    }
    this._isBusy = true;
    this.update();
    const failure = await runSilently(this.context.trans, this.state.panel.sessionContext, code).catch(String);
    this._isBusy = false;
    if (failure !== '') {
      Notification.error(failure, { autoClose: 10_000 });
    }
    this.state.refresh();
    this.update();
  }

  protected override render(): JSX.Element {
    const { look, label, title, code } = this.look();
    return (
      <button
        className="tb-Switch-button"
        data-look={look}
        disabled={code === null}
        aria-busy={this._isBusy}
        aria-pressed={look === 'on'}
        aria-label={`${label}. ${title}`}
        title={title}
        onClick={() => void this.flip()}
      >
        <trackbookIcon.react tag="span" className="tb-Switch-icon" />
        <span className="tb-Switch-sign" aria-hidden="true" />
        <span className="tb-Switch-label">{label}</span>
      </button>
    );
  }

  private look(): ReturnType<typeof switchOf> {
    const { panel, answer, failure } = this.state;
    const language = panel.model?.defaultKernelLanguage ?? '';
    return switchOf(this.context.trans, panel.sessionContext, language, answer, failure);
  }

  private hearKernel(): void {
    this._isBusy = false;
    this.update();
  }

  private _isBusy = false;
}
