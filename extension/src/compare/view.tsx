import { Clipboard } from '@jupyterlab/apputils';
import { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { FromTop } from '../components/from_top';
import { Failure, Message } from '../components/message';
import { Tabs } from '../components/tabs';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { ApiError } from '../core/request';
import { IComparison, IMissing, runsPath } from './api';
import { IChoice, useChoice } from './choice';
import { CodeDiff } from './code';
import { OverlaidCurves } from './curves';
import { DataDiff } from './data';
import { useEach } from './each';
import { EnvironmentDiff } from './environment';
import { namesOf } from './fields';
import { linkTo } from './link';
import { Parallel } from './parallel';
import { Legend } from './legend';
import { Scatter } from './scatter';
import { ComparisonTable } from './table';

export interface ICompareArgs extends ReadonlyJSONObject {
  readonly runs: readonly string[];
  readonly at: string;
}

export interface ICompareViewProps {
  readonly context: IContext;
  readonly args: ICompareArgs;
  readonly setTitle: (title: string) => void;
  /** What tells this comparison from others. */
  readonly id: string;
}

/** What each part of the page is given. */
export interface ICompared {
  readonly context: IContext;
  readonly at: string;
  readonly comparison: IComparison;
  /** What the runs are called in legends. */
  readonly names: readonly string[];
  readonly choice: IChoice;
  readonly choose: (change: Partial<IChoice>) => void;
}

/** Runs side by side. */
export function CompareView({ context, args, setTitle, id }: ICompareViewProps): JSX.Element {
  const { trans } = context;
  const [choice, choose] = useChoice(context, id);
  const asked = args.runs.filter(run => !choice.leftOut.includes(run));
  const { comparison, failure, missing, reload } = useComparison(context, asked, args.at);
  const known = args.runs.filter(run => !missing.some(each => each.run === run));
  const count = comparison?.runs.length ?? args.runs.length;
  React.useEffect(() => setTitle(trans._n('Compare %1 run', 'Compare %1 runs', count)), [count, setTitle, trans]);
  return (
    <div className="tb-Compare">
      <Head context={context} args={args} choice={choice} />
      <Missing context={context} missing={missing} />
      {known.length > 1 && (
        <Legend context={context} runs={known} at={args.at} comparison={comparison} choice={choice} choose={choose} />
      )}
      {failure !== null && <Failure context={context} failure={failure} retry={reload} />}
      {failure === null && comparison === null && <Message isBusy>{trans.__('Loading…')}</Message>}
      {comparison !== null && (
        <Parts
          context={context}
          at={args.at}
          comparison={comparison}
          names={namesOf(comparison)}
          choice={choice}
          choose={choose}
        />
      )}
    </div>
  );
}

interface IFound {
  readonly comparison: IComparison | null;
  readonly failure: ApiError | null;
  readonly missing: readonly IMissing[];
  readonly reload: () => void;
}

/** Ask for a comparison. Where a run is not there, say which, and compare the others. */
function useComparison(context: IContext, runs: readonly string[], at: string): IFound {
  const first = useAnswer<IComparison>(context, 'compare', { runs: runs.join(','), all: true, at });
  const isMissing = first.failure?.status === 404;
  const probed = useEach<object>(
    context,
    runs.map(run => runsPath(run)),
    { at },
    isMissing
  );
  const missing: IMissing[] = [];
  const there: string[] = [];
  (isMissing ? (probed.answers ?? []) : []).forEach((answer, n) => {
    if (answer instanceof ApiError) {
      missing.push({ run: runs[n], message: answer.message });
    } else {
      there.push(runs[n]);
    }
  });
  const isSecond = missing.length > 0 && there.length > 1;
  const second = useAnswer<IComparison>(
    context,
    'compare',
    { runs: there.join(','), all: true, at },
    { isWanted: isSecond }
  );
  if (isSecond) {
    return { comparison: second.value, failure: second.failure, missing, reload: second.reload };
  }
  return {
    comparison: first.failure === null ? first.value : null,
    failure: first.failure,
    missing: [...missing, ...(first.value?.missing ?? [])],
    reload: first.reload
  };
}

function Head({ args, choice, context }: { context: IContext; args: ICompareArgs; choice: IChoice }): JSX.Element {
  const { trans } = context;
  const [said, setSaid] = React.useState('');
  const copy = (): void => {
    Clipboard.copyToSystem(linkTo({ runs: args.runs, at: args.at, part: choice.part }));
    setSaid(trans.__('Copied. It opens this comparison for whoever may use this server.'));
  };
  return (
    <div className="tb-Compare-head">
      <h2>{trans.__('Compare')}</h2>
      <button className="jp-mod-styled tb-Button" onClick={copy}>
        {trans.__('Copy link')}
      </button>
      <span role="status" className="tb-mod-quiet">
        {said}
      </span>
    </div>
  );
}

function Missing({ context, missing }: { context: IContext; missing: readonly IMissing[] }): JSX.Element | null {
  if (missing.length === 0) {
    return null;
  }
  return (
    <div className="tb-Compare-missing" role="alert">
      {missing.map(({ run, message }) => (
        <p key={run}>
          <span aria-hidden="true">⚠ </span>
          {context.trans.__('Run %1 is not compared: %2', run.slice(0, 8), message)}
        </p>
      ))}
    </div>
  );
}

function Parts(compared: ICompared): JSX.Element {
  const { choice, choose, context } = compared;
  const { trans } = context;
  const parts: readonly (readonly [string, string, React.ComponentType<ICompared>])[] = [
    ['table', trans.__('Table'), ComparisonTable],
    ['curves', trans.__('Curves'), OverlaidCurves],
    ['scatter', trans.__('Scatter'), Scatter],
    ['parallel', trans.__('Parallel'), Parallel],
    ['code', trans.__('Code'), CodeDiff],
    ['data', trans.__('Data'), DataDiff],
    ['environment', trans.__('Environment'), EnvironmentDiff]
  ];
  const [shown, , Part] = parts.find(([part]) => part === choice.part) ?? parts[0];
  return (
    <Tabs
      label={trans.__('Parts of the comparison')}
      tabs={parts.map(([part, label]) => ({ id: part, label }))}
      shown={shown}
      onShow={part => choose({ part })}
    >
      <FromTop key={shown} className="tb-Compare-part">
        <Part {...compared} />
      </FromTop>
    </Tabs>
  );
}
