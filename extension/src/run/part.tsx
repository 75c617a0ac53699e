import * as React from 'react';

import { Failure, Message } from '../components/message';
import { IAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IRun } from './api';
import { Notebooks } from './notebooks';

/** What each part of a run's page is given. */
export interface IPart {
  readonly context: IContext;
  readonly run: IRun;
  /** Which notebook or folder the run was asked for with. */
  readonly at: string;
  readonly notebooks: Notebooks;
}

/** A heading and what belongs to it. */
export function Section({
  title,
  aside,
  children
}: {
  title: string;
  aside?: React.ReactNode;
  children: React.ReactNode;
}): JSX.Element {
  const id = React.useId();
  return (
    <section className="tb-Section" aria-labelledby={id}>
      <div className="tb-Section-head">
        <h3 id={id}>{title}</h3>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** What was asked for once it is there; until then that it is loading, or why it can't be shown. */
export function Answered<Value>({
  context,
  answer,
  children
}: {
  context: IContext;
  answer: IAnswer<Value>;
  children: (value: Value) => React.ReactNode;
}): JSX.Element {
  const { failure, reload, value } = answer;
  if (failure !== null && (value === null || failure.status === 404)) {
    return <Failure context={context} failure={failure} retry={reload} />;
  }
  if (value === null) {
    return <Message isBusy>{context.trans.__('Loading…')}</Message>;
  }
  return <>{children(value)}</>;
}
