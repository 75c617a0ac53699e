import { ReadonlyJSONObject } from '@lumino/coreutils';

import { IContext } from '../core/context';
import { remember, useRemembered } from '../core/remembered';

/** What a person chose on the page of a comparison; it is there again after a reload. */
export interface IChoice extends ReadonlyJSONObject {
  readonly part: string;
  readonly isOnlyDifferences: boolean;
  /** Runs that are left out for now. */
  readonly leftOut: readonly string[];
  /** The two runs whose code and data are told apart; the first two if empty. */
  readonly before: string;
  readonly after: string;
  /** The axes of the scatter plot; those that tell most if empty. */
  readonly x: string;
  readonly y: string;
  readonly isXLogarithmic: boolean;
  readonly isYLogarithmic: boolean;
  /** The axes of the parallel coordinates; those that tell most if none. */
  readonly axes: readonly string[];
  readonly over: string;
  readonly isLogarithmic: boolean;
  readonly smoothing: number;
}

const GROUP = 'compare';

export const NO_CHOICE: IChoice = {
  part: 'table',
  isOnlyDifferences: false,
  leftOut: [],
  before: '',
  after: '',
  x: '',
  y: '',
  isXLogarithmic: false,
  isYLogarithmic: false,
  axes: [],
  over: 'step',
  isLogarithmic: false,
  smoothing: 0
};

/** Return what was chosen for a comparison, and what changes it. */
export function useChoice(context: IContext, key: string): [IChoice, (change: Partial<IChoice>) => void] {
  const [choice, keep] = useRemembered(context, GROUP, key, isChoice, NO_CHOICE);
  return [choice, change => keep({ ...choice, ...change } as IChoice)];
}

/** Have a comparison show a part when it is opened next. */
export async function choosePart({ memory }: IContext, key: string, part: string): Promise<void> {
  await memory.ready;
  const kept = memory.get(GROUP, isChoices, {})[key] ?? NO_CHOICE;
  remember(memory, GROUP, key, { ...kept, part });
}

function isChoices(kept: unknown): kept is Readonly<Record<string, IChoice>> {
  return typeof kept === 'object' && kept !== null && Object.values(kept).every(isChoice);
}

function isChoice(kept: unknown): kept is IChoice {
  if (typeof kept !== 'object' || kept === null) {
    return false;
  }
  const found = kept as Record<string, unknown>;
  return Object.entries(NO_CHOICE).every(([key, value]) => {
    const own = found[key];
    return Array.isArray(value)
      ? Array.isArray(own) && own.every(each => typeof each === 'string')
      : typeof own === typeof value;
  });
}
