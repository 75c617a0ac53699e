import * as React from 'react';

import { ago, duration, moment, oneLine } from '../components/format';
import { RowLink } from '../components/link';
import { Failure, Message } from '../components/message';
import { signOf, stateWord } from '../components/states';
import { IColumn, Table } from '../components/table';
import { Unanswered } from '../components/unanswered';
import { useAnswer, usePlace } from '../core/answer';
import { IContext } from '../core/context';
import { IPipeline, IPipelineRun, IPipelines } from './api';
import { useNow } from './clock';
import { secondsOf } from './words';

/** The tab Pipelines: the pipelines of the store with their last runs, the one at work last first. */
export function PipelinesTab({ context }: { context: IContext }): JSX.Element {
  const at = usePlace(context);
  return <PipelinesAt key={at} context={context} at={at} />;
}

function PipelinesAt({ context, at }: { context: IContext; at: string }): JSX.Element {
  const { trans } = context;
  const answer = useAnswer<IPipelines>(context, 'pipelines', { at });
  const pipelines = answer.value?.pipelines ?? [];
  const now = useNow(pipelines.some(each => isLive(each.runs[0])));
  const columns = React.useMemo(() => columnsOf(context, at, now), [context, at, now]);
  if (answer.value === null) {
    return <Unanswered context={context} answer={answer} />;
  }
  if (pipelines.length === 0) {
    return (
      <Message>
        <p>{trans.__('No pipeline has run yet. Name notebooks as steps in a pipeline.yaml, then run them:')}</p>
        <code>trackbook pipeline run</code>
      </Message>
    );
  }
  return (
    <>
      {answer.failure && <Failure context={context} failure={answer.failure} retry={answer.reload} />}
      <Table
        trans={trans}
        label={trans.__('Pipelines')}
        columns={columns}
        rows={pipelines}
        keyOf={({ file, name }) => JSON.stringify([name, file])}
        onOpen={pipeline => open(context, pipeline.runs[0], at)}
      />
    </>
  );
}

function isLive({ status }: IPipelineRun): boolean {
  return status === 'RUNNING';
}

function open({ commands }: IContext, { run_id: run }: IPipelineRun, at: string): void {
  void commands.execute('trackbook:open-pipeline', { run, at });
}

function columnsOf(context: IContext, at: string, now: number): readonly IColumn<IPipeline>[] {
  const { trans } = context;
  return [
    {
      id: 'name',
      label: trans.__('Pipeline'),
      width: 88,
      render: ({ file, name, runs }, { isActive }) => (
        <RowLink isReachable={isActive} title={file ?? oneLine(name)} onOpen={() => open(context, runs[0], at)}>
          {oneLine(name)}
        </RowLink>
      )
    },
    {
      id: 'state',
      label: trans.__('State'),
      width: 90,
      render: ({ runs: [last] }) => (
        <span className="tb-State" data-state={last.word} title={last.error ?? undefined}>
          <span aria-hidden="true">{signOf(last.word)}</span> {stateWord(trans, last.word)}
        </span>
      )
    },
    {
      id: 'runs',
      label: trans.__('Last runs'),
      width: 96,
      render: ({ runs }, { isActive }) => <Strip context={context} at={at} runs={runs} isReachable={isActive} />
    },
    {
      id: 'when',
      label: trans.__('When'),
      width: 90,
      render: ({ runs: [last] }) => <span title={moment(last.started_at)}>{ago(trans, last.started_at)}</span>
    },
    {
      id: 'took',
      label: trans.__('Took'),
      width: 84,
      align: 'end',
      render: ({ runs: [last] }) => duration(trans, secondsOf(last.started_at, last.seconds, isLive(last), now))
    },
    { id: 'total', label: trans.__('Runs'), width: 56, align: 'end', render: ({ total }) => total }
  ];
}

/** The last runs as signs, the oldest first; each opens its run's graph. */
function Strip({
  context,
  at,
  runs,
  isReachable
}: {
  context: IContext;
  at: string;
  runs: readonly IPipelineRun[];
  isReachable: boolean;
}): JSX.Element {
  const { trans } = context;
  return (
    <span className="tb-Strip">
      {[...runs].reverse().map(run => {
        const word = stateWord(trans, run.word);
        const says = `${oneLine(run.name)}: ${word}, ${ago(trans, run.started_at)}, ${duration(trans, run.seconds)}`;
        return (
          <button
            key={run.run_id}
            className="tb-State tb-Strip-run"
            data-state={run.word}
            tabIndex={isReachable ? 0 : -1}
            title={says}
            aria-label={says}
            onClick={event => {
              event.stopPropagation();
              open(context, run, at);
            }}
          >
            {signOf(run.word)}
          </button>
        );
      })}
    </span>
  );
}
