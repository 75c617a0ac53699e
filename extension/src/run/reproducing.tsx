import * as React from 'react';

import { duration } from '../components/format';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IJob, stopJob } from './api';
import { IPart } from './part';
import { ISaying } from './said';

/** How far the reproduction of a run is, with a way to stop it, and how the last one came out. */
export function Reproducing({ at, context, run, saying }: IPart & { saying: ISaying }): JSX.Element | null {
  const answer = useAnswer<{ readonly jobs: readonly IJob[] }>(
    context,
    'jobs',
    { at },
    { concerns: news => news.jobs.length > 0 || news.changed.length === 0 }
  );
  const jobs = (answer.value?.jobs ?? []).filter(job => job.run_id === run.run_id && job.kind === 'reproduction');
  const job = jobs.find(isUnderWay) ?? jobs[jobs.length - 1];
  const { said } = saying;
  const { reload } = answer;
  React.useEffect(() => reload(), [said, reload]);
  if (job === undefined) {
    return null;
  }
  return isUnderWay(job) ? (
    <UnderWay context={context} job={job} onStop={() => void saying.attempt(() => stop(job, at, reload))} />
  ) : (
    <Outcome context={context} job={job} />
  );
}

function UnderWay({ context, job, onStop }: { context: IContext; job: IJob; onStop: () => void }): JSX.Element {
  const { trans } = context;
  const told = progressOf(context, job);
  return (
    <div className="tb-Job" role="status">
      <span>{told}</span>
      <progress aria-label={told} value={job.cell ?? undefined} max={job.cells ?? undefined} />
      <button className="jp-mod-styled tb-Button" onClick={onStop}>
        {trans.__('Stop')}
      </button>
    </div>
  );
}

function Outcome({ context, job }: { context: IContext; job: IJob }): JSX.Element {
  const { trans } = context;
  const isSame = job.verdict === 'exact' || job.verdict === 'within tolerance';
  const outcome =
    job.state === 'stopped'
      ? trans.__('Reproduction stopped')
      : trans.__('Made again: %1', job.verdict ?? trans.__('failed'));
  const sign = job.state === 'stopped' ? '■' : isSame ? '✓' : '✗';
  const why = job.reason ?? job.message;
  return (
    <div className={`tb-Job tb-mod-${isSame ? 'same' : 'other'}`} role="status">
      <span>
        <span aria-hidden="true">{sign}</span> {outcome}
        {job.seconds !== null && <span className="tb-mod-quiet"> ({duration(trans, job.seconds)})</span>}
        {why ? `. ${why}` : ''}
      </span>
    </div>
  );
}

function progressOf({ trans }: IContext, { attempt, cell, cells, state }: IJob): string {
  if (state === 'waiting') {
    return trans.__('Reproducing: waits for others to end');
  }
  if (cell === null || cells === null) {
    return trans.__('Reproducing: starts a fresh kernel');
  }
  return (attempt ?? 1) > 1
    ? trans.__('Reproducing: cell %1 of %2, once more', cell, cells)
    : trans.__('Reproducing: cell %1 of %2', cell, cells);
}

async function stop(job: IJob, at: string, reload: () => void): Promise<void> {
  await stopJob(job.job, at);
  reload();
}

function isUnderWay({ state }: IJob): boolean {
  return state === 'running' || state === 'waiting';
}
