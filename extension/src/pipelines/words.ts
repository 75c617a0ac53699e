import { TranslationBundle } from '@jupyterlab/translation';

import { duration, number, oneLine, toNumber } from '../components/format';
import { stateWord } from '../components/states';
import { IStep } from './api';

const MOST_METRICS = 2;
const MOST_NEEDS = 2;

/** Return how a step stands as one line: what goes on in it, or what came of it. */
export function stepLine(trans: TranslationBundle, step: IStep, seconds: number | null): string {
  switch (step.state) {
    case 'running':
      return [goingOn(trans, step), tryOf(trans, step), duration(trans, seconds)].filter(Boolean).join(', ');
    case 'finished':
      return [trans.__('finished in %1', duration(trans, seconds)), metricsLine(step)].filter(Boolean).join(', ');
    case 'waiting':
      return step.needs.length === 0 ? trans.__('waiting') : trans.__('waits for %1', listed(step.needs));
    case 'failed':
      return step.error === null ? oneLine(step.reason) : oneLine(errorLine(trans, step));
    default:
      return step.reason === '' ? stateWord(trans, step.state) : oneLine(step.reason);
  }
}

function listed(names: readonly string[]): string {
  const told = names.slice(0, MOST_NEEDS).map(oneLine).join(', ');
  return names.length > MOST_NEEDS ? `${told}, … +${names.length - MOST_NEEDS}` : told;
}

/** Return which cell is at work. */
export function goingOn(trans: TranslationBundle, { cell, cells }: IStep): string {
  if (cell === null) {
    return trans.__('starting');
  }
  return cells === null ? trans.__('cell %1', cell) : trans.__('cell %1 of %2', cell, cells);
}

/** Return where and why a step failed: `cell 3, line 2: ValueError: no data`. */
export function errorLine(trans: TranslationBundle, { error }: IStep): string {
  if (error === null) {
    return '';
  }
  const where = [
    error.cell === null ? '' : trans.__('cell %1', error.cell),
    error.line === null ? '' : trans.__('line %1', error.line)
  ].filter(Boolean);
  const what = error.message === '' ? error.type : `${error.type}: ${error.message}`;
  return where.length > 0 ? `${where.join(', ')}: ${what}` : what;
}

function tryOf(trans: TranslationBundle, { attempt, attempts }: IStep): string {
  return attempt > 1 ? trans.__('try %1 of %2', attempt, attempts) : '';
}

function metricsLine({ metrics }: IStep): string {
  const told = Object.entries(metrics).slice(0, MOST_METRICS);
  return told
    .map(([key, value]) => {
      const amount = toNumber(value);
      return `${oneLine(key)} ${amount === null ? oneLine(String(value)) : number(amount)}`;
    })
    .join(', ');
}

/** Return how long something has been going on, or took. */
export function secondsOf(
  startedAt: string | null,
  seconds: number | null,
  isLive: boolean,
  now: number
): number | null {
  if (!isLive || startedAt === null) {
    return seconds;
  }
  return Math.max(0, (now - Date.parse(startedAt)) / 1000);
}
