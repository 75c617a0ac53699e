import { Clipboard } from '@jupyterlab/apputils';
import * as React from 'react';

import { ago, duration, moment, shortId } from '../components/format';
import { Actions } from './actions';
import { changeRun, IKin } from './api';
import { Edited } from './edited';
import { IPart } from './part';
import { Reproducing } from './reproducing';
import { ISaying, Said, useSaying } from './said';
import { Status, Verdict } from './status';

/** The top of a run's page: its name, what became of it, and what can be done with it. */
export function Head(part: IPart & { reload: () => void }): JSX.Element {
  const { at, context, reload, run } = part;
  const { trans } = context;
  const saying = useSaying();
  const rename = async (name: string): Promise<void> => {
    const isDone = await saying.attempt(async () => {
      await changeRun(run.run_id, at, { name });
      reload();
    });
    if (!isDone) {
      throw new Error('not renamed');
    }
  };
  return (
    <div className="tb-Run-head">
      <div className="tb-Run-title">
        <h2>
          <Edited label={trans.__('Name')} value={run.name} placeholder={trans.__('Name')} onSave={rename} />
        </h2>
        <Status trans={trans} status={run.status} word={run.word} />
        <Verdict trans={trans} verdict={run.verdict} reason={run.verdict_reason} />
      </div>
      <HeadLine {...part} saying={saying} />
      <Actions {...part} saying={saying} />
      <Said saying={saying} closeLabel={trans.__('Close')} />
      <Reproducing {...part} saying={saying} />
    </div>
  );
}

function HeadLine({ at, context, run, saying }: IPart & { saying: ISaying }): JSX.Element {
  const { trans } = context;
  const copy = (): void => {
    Clipboard.copyToSystem(run.run_id);
    saying.say(trans.__('Copied the id %1.', run.run_id));
  };
  const seconds = run.seconds ?? secondsOf(run.started_at, run.finished_at);
  return (
    <p className="tb-Run-line">
      <button className="tb-Link tb-mod-code" onClick={copy} title={trans.__('Copy the id %1', run.run_id)}>
        {shortId(run.run_id)}
      </button>
      <span>{run.experiment}</span>
      <span title={moment(run.started_at)}>{ago(trans, run.started_at)}</span>
      {seconds !== null && <span>{trans.__('took %1', duration(trans, seconds))}</span>}
      {run.pipeline && run.pipeline.run_id === run.run_id && (
        <PipelineLink context={context} at={at} run={run.pipeline} />
      )}
      {run.parent && (
        <span>
          {trans.__('part of')} <RunLink context={context} at={at} run={run.parent} />
        </span>
      )}
    </p>
  );
}

function PipelineLink({ at, context, run }: Pick<IPart, 'context' | 'at'> & { run: IKin }): JSX.Element {
  return (
    <button
      className="tb-Link"
      onClick={() => void context.commands.execute('trackbook:open-pipeline', { run: run.run_id, at })}
    >
      {context.trans.__('Open the pipeline')}
    </button>
  );
}

/** A run's name; a click opens it. */
export function RunLink({ context, at, run }: Pick<IPart, 'context' | 'at'> & { run: IKin }): JSX.Element {
  return (
    <button
      className="tb-Link"
      title={context.trans.__('Open the run %1', run.name)}
      onClick={() => void context.commands.execute('trackbook:open-run', { run: run.run_id, at })}
    >
      {run.name}
    </button>
  );
}

function secondsOf(start: string, end: string | null): number | null {
  return end === null ? null : (Date.parse(end) - Date.parse(start)) / 1000;
}
