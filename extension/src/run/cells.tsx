import * as React from 'react';

import { duration, moment, oneLine } from '../components/format';
import { Message } from '../components/message';
import { Output } from '../components/outputs';
import { useAnswer } from '../core/answer';
import { IExecution, runPath } from './api';
import { Source } from './kept';
import { Answered, IPart } from './part';

const MOST_CELLS = 40;
const OUTCOME_MARKS: Record<string, string> = { ok: '✓', error: '✗', interrupted: '■', running: '●' };

/** The cells that made a run, in their order, with what they showed. */
export function Cells(part: IPart): JSX.Element {
  const { at, context, run } = part;
  const { trans } = context;
  const [most, setMost] = React.useState(MOST_CELLS);
  const [note, setNote] = React.useState('');
  const answer = useAnswer<{ readonly executions: readonly IExecution[] }>(
    context,
    runPath(run.run_id, 'executions'),
    { at },
    { isLive: run.status === 'RUNNING' }
  );
  return (
    <Answered context={context} answer={answer}>
      {({ executions }) =>
        executions.length === 0 ? (
          <Message>{trans.__('No cell is known that made this run.')}</Message>
        ) : (
          <>
            <p role="status" className="tb-mod-quiet">
              {note}
            </p>
            <ol className="tb-Cells">
              {executions.slice(0, most).map(execution => (
                <Cell key={execution.execution_id} {...part} execution={execution} onSay={setNote} />
              ))}
            </ol>
            {executions.length > most && (
              <button className="jp-mod-styled tb-Button" onClick={() => setMost(most + MOST_CELLS)}>
                {trans.__('Show more cells (%1 of %2 are shown)', most, executions.length)}
              </button>
            )}
          </>
        )
      }
    </Answered>
  );
}

function Cell({
  execution,
  onSay,
  ...part
}: IPart & { execution: IExecution; onSay: (note: string) => void }): JSX.Element {
  const { at, context, notebooks } = part;
  const { trans } = context;
  const { cell_id: cellId, count, index, outcome, outputs, seconds, source, started_at: startedAt } = execution;
  const lines = source.split('\n').length;
  const goTo = async (): Promise<void> => {
    const found = await notebooks.show(at, { cellId, source, line: 1, endLine: lines });
    onSay(
      found === 'gone'
        ? trans.__('No open notebook has this cell; its code as it ran is kept here.')
        : found === 'edited'
          ? trans.__('The cell was edited since; its code as it ran is kept here.')
          : ''
    );
  };
  return (
    <li className={`tb-Cell tb-mod-${outcome}`}>
      <div className="tb-Cell-head">
        <code>[{count ?? index}]</code>
        <span>
          <span aria-hidden="true">{OUTCOME_MARKS[outcome] ?? '?'}</span> {outcome}
        </span>
        <span title={moment(startedAt)}>{duration(trans, seconds)}</span>
        {execution.hidden.map(each => (
          <span key={each.name} className="tb-mod-warn">
            ⚠ {trans.__('%1: %2', oneLine(each.name), each.reason)}
          </span>
        ))}
        <button className="tb-Link" onClick={() => void goTo()}>
          {trans.__('Go to the cell')}
        </button>
      </div>
      <Source source={source} />
      {execution.failure && (
        <pre className="tb-Failed">
          {execution.failure.type}: {execution.failure.message}
        </pre>
      )}
      {outputs.map((output, n) => (
        <Output key={n} context={context} at={at} output={output} />
      ))}
    </li>
  );
}
