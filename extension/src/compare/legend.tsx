import * as React from 'react';

import { oneLine } from '../components/format';
import { IContext } from '../core/context';
import { IComparison } from './api';
import { IChoice } from './choice';

interface ILegendProps {
  readonly context: IContext;
  readonly runs: readonly string[];
  readonly at: string;
  readonly comparison: IComparison | null;
  readonly choice: IChoice;
  readonly choose: (change: Partial<IChoice>) => void;
}

/** The runs that were asked for: each can be left out for a while, and opened. */
export function Legend({ at, runs, choice, choose, comparison, context }: ILegendProps): JSX.Element {
  const { trans } = context;
  const known = useNames(comparison);
  const { leftOut } = choice;
  const toggle = (run: string): void =>
    choose({ leftOut: leftOut.includes(run) ? leftOut.filter(each => each !== run) : [...leftOut, run] });
  const inside = runs.length - runs.filter(run => leftOut.includes(run)).length;
  return (
    <ul className="tb-Legend" aria-label={trans.__('Runs that are compared')}>
      {runs.map(run => {
        const name = known.get(run) ?? run.slice(0, 8);
        const isIn = !leftOut.includes(run);
        return (
          <li key={run}>
            <input
              type="checkbox"
              checked={isIn}
              disabled={isIn && inside <= 2}
              aria-label={trans.__('Compare %1', name)}
              title={isIn ? trans.__('Leave it out') : trans.__('Compare it too')}
              onChange={() => toggle(run)}
            />
            <button
              className="tb-Link"
              title={trans.__('Open the run %1', name)}
              onClick={() => void context.commands.execute('trackbook:open-run', { run, at })}
            >
              {oneLine(name)}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** The names of runs by what they were asked by; those that are left out keep the name that they were known by. */
function useNames(comparison: IComparison | null): ReadonlyMap<string, string> {
  const [names, setNames] = React.useState<ReadonlyMap<string, string>>(new Map());
  React.useEffect(() => {
    if (comparison !== null) {
      const found = comparison.runs.map(({ name, run_id: id }): [string, string] => [id, name]);
      setNames(last => new Map([...last, ...found]));
    }
  }, [comparison]);
  return names;
}
