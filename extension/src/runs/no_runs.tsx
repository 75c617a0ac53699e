import * as React from 'react';

import { oneLine } from '../components/format';
import { Message } from '../components/message';
import { IContext } from '../core/context';
import { RunsModel } from './model';

export interface INoRunsProps {
  readonly context: IContext;
  readonly model: RunsModel;
  readonly experiment: string;
  /** How many experiments the store has. */
  readonly experiments: number;
}

/** Why there are no runs, and what to do next. */
export function NoRuns({ context, model, experiment, experiments }: INoRunsProps): JSX.Element {
  const { trans } = context;
  if (model.query !== '') {
    return (
      <Message>
        <p>{trans.__('No run is found by this query.')}</p>
        <button className="jp-mod-styled tb-Button" onClick={() => (model.query = '')}>
          {trans.__('Clear the query')}
        </button>
      </Message>
    );
  }
  const name = experiment === '' ? trans.__('this store') : oneLine(experiment);
  return (
    <Message>
      <p>{trans.__('There are no runs of %1 yet.', name)}</p>
      <p>{trans.__('Begin a notebook with %load_ext trackbook and fit a model: the run shows here by itself.')}</p>
      {experiment !== '' && experiments > 0 && (
        <button className="jp-mod-styled tb-Button" onClick={() => (model.choice = { kind: 'all' })}>
          {trans.__('Show all experiments')}
        </button>
      )}
    </Message>
  );
}
