import * as React from 'react';

import { duration, moment, shortId } from '../components/format';
import { Failure, Message } from '../components/message';
import { IShownOutput, Output } from '../components/outputs';
import { signOf } from '../components/states';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { useReload } from '../core/reload';
import { ILoggedCell, IStep, IStepLog, pipelinePath } from './api';

const SIGNS: Record<string, string> = { ok: 'finished', error: 'failed', interrupted: 'stopped', running: 'running' };

/** What the cells of a step did and showed; while it runs they come in as they end. */
export function Log({
  context,
  at,
  run,
  step
}: {
  context: IContext;
  at: string;
  run: string;
  step: IStep;
}): JSX.Element {
  const { trans } = context;
  const [attempt, setAttempt] = React.useState('');
  const hasBegun = step.run_id !== null;
  const isLive = step.state === 'running' || step.state === 'retrying';
  const answer = useAnswer<IStepLog>(
    context,
    pipelinePath(run, 'steps', step.name, 'log'),
    { at, attempt },
    { isLive, isWanted: hasBegun }
  );
  const { reload } = answer;
  useReload(reload, `${step.state} ${step.attempt}`);
  if (!hasBegun) {
    return <Message>{trans.__('This step has not run: it has no log.')}</Message>;
  }
  const log = answer.value;
  if (log === null) {
    return answer.failure ? (
      <Failure context={context} failure={answer.failure} retry={reload} />
    ) : (
      <Message isBusy>{trans.__('Loading…')}</Message>
    );
  }
  return (
    <div className="tb-Log">
      {log.attempts.length > 1 && (
        <div className="tb-Bar">
          <label>
            {trans.__('Try')}{' '}
            <select className="tb-Choice" value={log.run_id} onChange={event => setAttempt(event.target.value)}>
              {log.attempts.map((each, n) => (
                <option key={each} value={each}>
                  {trans.__('%1 of %2 (run %3)', n + 1, log.attempts.length, shortId(each))}
                </option>
              ))}
            </select>
          </label>
        </div>
      )}
      {log.cells.length === 0 ? (
        <Message>{trans.__('No cell of it has run.')}</Message>
      ) : (
        <ol className="tb-Log-cells">
          {log.cells.map(cell => (
            <LoggedCell key={cell.execution_id} context={context} at={at} cell={cell} />
          ))}
        </ol>
      )}
    </div>
  );
}

function LoggedCell({ context, at, cell }: { context: IContext; at: string; cell: ILoggedCell }): JSX.Element {
  const { trans } = context;
  const { count, failure, index, outcome, outputs, seconds, source, started_at: startedAt } = cell;
  const isRunning = outcome === 'running';
  return (
    <li className="tb-Log-cell" data-outcome={outcome}>
      <div className="tb-Log-head">
        <code>[{count ?? index}]</code>
        <span>
          <span aria-hidden="true">{signOf(SIGNS[outcome] ?? outcome)}</span>{' '}
          {isRunning ? trans.__('running') : outcome}
        </span>
        <span className="tb-mod-quiet" title={moment(startedAt)}>
          {isRunning ? '' : duration(trans, seconds)}
        </span>
      </div>
      <pre className="tb-Log-source">
        <code>{source}</code>
      </pre>
      {outputs.map((output, n) => (
        <Output key={n} context={context} at={at} output={output} />
      ))}
      {failure && <Output context={context} at={at} output={errorOutput(failure)} />}
    </li>
  );
}

/** Return an error as an output: the traceback with its colours, or the one line that there is. */
function errorOutput({ type, message, traceback }: NonNullable<ILoggedCell['failure']>): IShownOutput {
  const text = traceback ?? (message === '' ? type : `${type}: ${message}`);
  const part = { media_type: 'text/plain', size: text.length, digest: null, text, is_cut: false };
  return { name: 'stderr', parts: [part] };
}
