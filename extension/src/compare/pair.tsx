import * as React from 'react';

import { Failure, Message } from '../components/message';
import { useAnswer } from '../core/answer';
import { IDiff } from './api';
import { ICompared } from './view';

interface IPair {
  readonly before: string;
  readonly after: string;
}

/** The two runs that are told apart: those chosen, or the baseline and the next one. */
export function pairOf({ choice, comparison }: ICompared): IPair {
  const ids = comparison.runs.map(run => run.run_id);
  const before = ids.includes(choice.before) ? choice.before : comparison.baseline;
  const other = ids.find(id => id !== before) ?? before;
  return { before, after: ids.includes(choice.after) && choice.after !== before ? choice.after : other };
}

/** What sets two of the runs apart; of more than two, a person chooses which. */
export function OfPair(props: ICompared & { children: (diff: IDiff) => React.ReactNode }): JSX.Element {
  const { at, children, context } = props;
  const pair = pairOf(props);
  const { failure, reload, value } = useAnswer<IDiff>(context, 'diff', { ...pair, at });
  return (
    <>
      {props.comparison.runs.length > 2 && <PairChoice {...props} />}
      {failure !== null ? (
        <Failure context={context} failure={failure} retry={reload} />
      ) : value === null ? (
        <Message isBusy>{context.trans.__('Loading…')}</Message>
      ) : (
        children(value)
      )}
    </>
  );
}

function PairChoice(props: ICompared): JSX.Element {
  const { choose, comparison, context, names } = props;
  const { trans } = context;
  const pair = pairOf(props);
  const options = (without: string): JSX.Element[] =>
    comparison.runs.flatMap((run, n) =>
      run.run_id === without
        ? []
        : [
            <option key={run.run_id} value={run.run_id}>
              {names[n]}
            </option>
          ]
    );
  return (
    <div className="tb-Controls">
      <label>
        {trans.__('From')}
        <select value={pair.before} onChange={event => choose({ before: event.target.value, after: pair.after })}>
          {options(pair.after)}
        </select>
      </label>
      <label>
        {trans.__('to')}
        <select value={pair.after} onChange={event => choose({ before: pair.before, after: event.target.value })}>
          {options(pair.before)}
        </select>
      </label>
      <button className="jp-mod-styled tb-Button" onClick={() => choose({ before: pair.after, after: pair.before })}>
        {trans.__('Swap')}
      </button>
    </div>
  );
}
