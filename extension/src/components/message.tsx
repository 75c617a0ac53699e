import * as React from 'react';

import { IContext } from '../core/context';
import { ApiError } from '../core/request';

/** One sentence in place of content: nothing there yet, or still to come, and what to do next. */
export function Message({ children, isBusy = false }: { children: React.ReactNode; isBusy?: boolean }): JSX.Element {
  return (
    <div className="tb-Message" role="status" aria-busy={isBusy}>
      {children}
    </div>
  );
}

/** What went wrong, in the server's words, and how to go on. */
export function Failure({
  context,
  failure,
  retry
}: {
  context: IContext;
  failure: ApiError;
  retry?: () => void;
}): JSX.Element {
  const { trans } = context;
  return (
    <div className="tb-Message tb-Failure" role="alert">
      <p>{sentence(context, failure)}</p>
      {retry && (
        <button className="jp-mod-styled tb-Button" onClick={retry}>
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}

function sentence({ trans }: IContext, failure: ApiError): string {
  switch (failure.kind) {
    case 'NoServer':
      return trans.__(
        'This Jupyter server does not know Trackbook. Install trackbook in its environment, and start it again.'
      );
    case 'NoAnswer':
      return trans.__('The Jupyter server does not answer. Check that it still runs.');
    default:
      return failure.message;
  }
}
