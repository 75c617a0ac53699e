import * as React from 'react';

import { Fact, Facts } from '../components/facts';
import { duration, moment, number, oneLine, text, toNumber } from '../components/format';
import { signOf, stateWord } from '../components/states';
import { IContext } from '../core/context';
import { IStep } from './api';
import { Log } from './log';
import { errorLine, goingOn, secondsOf } from './words';

/** A step of an execution: how it stands and why, what went in and came out, and what its cells did. */
export function StepDetail({
  context,
  at,
  run,
  step,
  now
}: {
  context: IContext;
  at: string;
  run: string;
  step: IStep;
  now: number;
}): JSX.Element {
  const { trans } = context;
  const open = (): void => {
    void context.commands.execute('trackbook:open-run', { run: step.run_id, at });
  };
  return (
    <section className="tb-StepDetail" aria-label={trans.__('Step %1', oneLine(step.name))}>
      <div className="tb-Head-line">
        <h2>{oneLine(step.name)}</h2>
        <span className="tb-State" data-state={step.state}>
          <span aria-hidden="true">{signOf(step.state)}</span> {stateWord(trans, step.state)}
        </span>
        {step.run_id !== null && (
          <button className="jp-mod-styled tb-Button" onClick={open}>
            {step.state === 'skipped' ? trans.__('Open the run that stands for it') : trans.__('Open its run')}
          </button>
        )}
      </div>
      {step.error !== null && (
        <p className="tb-StepDetail-error" role="alert">
          {oneLine(errorLine(trans, step))}
          {step.error.code !== null && <code>{step.error.code.trim()}</code>}
        </p>
      )}
      {step.warnings.map(warning => (
        <p key={warning} className="tb-StepDetail-warning">
          <span aria-hidden="true">⚠</span> {warning}
        </p>
      ))}
      <Facts facts={factsOf(context, step, now)} />
      <Log key={step.name} context={context} at={at} run={run} step={step} />
    </section>
  );
}

function factsOf({ trans }: IContext, step: IStep, now: number): readonly Fact[] {
  const isLive = step.state === 'running';
  const seconds = secondsOf(step.started_at, step.seconds, isLive, now);
  const metrics = Object.entries(step.metrics).map(([key, value]) => `${oneLine(key)} ${amount(value)}`);
  const params = Object.entries(step.params).map(([key, value]) => `${oneLine(key)}=${text(value)}`);
  const needs = step.needs.map(need => withData(need, step.data[need] ?? []));
  return [
    [trans.__('Why'), oneLine(step.reason)],
    [trans.__('Now'), isLive ? goingOn(trans, step) : null],
    [trans.__('Try'), step.attempt > 1 ? trans.__('%1 of %2', step.attempt, step.attempts) : null],
    [trans.__('Took'), seconds === null ? null : duration(trans, seconds)],
    [trans.__('Began'), step.started_at === null ? null : moment(step.started_at)],
    [trans.__('Params'), params.join(', ')],
    [trans.__('Metrics'), metrics.join(', ')],
    [trans.__('Needs'), needs.join('; ')],
    [trans.__('Reads'), step.reads.map(oneLine).join(', ')],
    [trans.__('Publishes'), step.publishes.map(oneLine).join(', ')],
    [trans.__('Notebook'), oneLine(step.notebook)]
  ];
}

function withData(need: string, data: readonly string[]): string {
  return data.length === 0 ? oneLine(need) : `${oneLine(need)} (${data.map(oneLine).join(', ')})`;
}

function amount(value: number | string): string {
  const found = toNumber(value);
  return found === null ? oneLine(String(value)) : number(found);
}
