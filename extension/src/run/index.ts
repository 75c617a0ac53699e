import * as React from 'react';

import { IHost } from '../core/host';
import { addView } from '../core/views';
import { Notebooks } from './notebooks';
import { IRunArgs, IRunViewProps, RunView } from './view';

/** Add what shows a run. */
export function addRun({ app, context, documents, notebooks, restorer }: IHost): void {
  const opened = new Notebooks(app, notebooks, documents, context.contents);
  const Component = (props: Omit<IRunViewProps, 'notebooks'>): JSX.Element =>
    React.createElement(RunView, { ...props, notebooks: opened });
  addView<IRunArgs>(app, context, restorer, {
    kind: 'run',
    key: ({ run }) => run,
    title: ({ run }) => (typeof run === 'string' ? run.slice(0, 8) : context.trans.__('a run')),
    Component
  });
}
