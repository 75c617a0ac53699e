import * as React from 'react';

import { CopyCode } from '../components/copy';
import { oneLine } from '../components/format';
import { Message } from '../components/message';
import { IContext } from '../core/context';
import { Shown } from '../core/shown';
import { RunsModel } from './model';

const LOAD = '%load_ext trackbook';
const LOOK_MILLISECONDS = 2000;

/** What to do where nothing was ever tracked. While this is shown, it is looked now and then whether that changed. */
export function NoStore({ context, look }: { context: IContext; look: () => void }): JSX.Element {
  const isShown = React.useContext(Shown);
  React.useEffect(() => {
    if (isShown) {
      const timer = window.setInterval(look, LOOK_MILLISECONDS);
      return () => window.clearInterval(timer);
    }
  }, [isShown, look]);
  return (
    <Message>
      <p>{context.trans.__('Nothing is tracked here yet.')}</p>
      <Begin context={context} />
    </Message>
  );
}

/** The line that a notebook begins with. */
function Begin({ context: { trans } }: { context: IContext }): JSX.Element {
  return (
    <>
      <p>{trans.__('Run this in a notebook, then fit a model: its run shows here by itself.')}</p>
      <CopyCode trans={trans} code={LOAD} label={trans.__('The line that turns tracking on')} />
    </>
  );
}

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
      <p>{trans.__('No runs of %1 yet.', name)}</p>
      <Begin context={context} />
      {experiment !== '' && experiments > 0 && (
        <p className="tb-Runs-other">
          <button className="jp-mod-styled tb-Button" onClick={() => (model.choice = { kind: 'all' })}>
            {trans.__('Show all experiments')}
          </button>
        </p>
      )}
    </Message>
  );
}
