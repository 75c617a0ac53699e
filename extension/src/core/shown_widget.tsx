import { ReactWidget } from '@jupyterlab/apputils';
import { Message } from '@lumino/messaging';
import * as React from 'react';

import { Shown } from './shown';

/** A widget whose components know whether it is seen. */
export abstract class ShownWidget extends ReactWidget {
  override render(): JSX.Element {
    return <Shown.Provider value={this.isVisible}>{this.renderShown()}</Shown.Provider>;
  }

  protected abstract renderShown(): JSX.Element;

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.update();
  }

  protected override onAfterHide(message: Message): void {
    super.onAfterHide(message);
    this.update();
  }
}
