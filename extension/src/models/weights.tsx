import * as React from 'react';

import { Chart } from '../components/chart';
import { number, oneLine, toNumber } from '../components/format';
import { IContext } from '../core/context';

const MOST = 20;
const BAR_HEIGHT = 20;
const AXIS_HEIGHT = 50;

interface IWeight {
  readonly name: string;
  readonly value: number;
}

/** The weightiest features of a model as bars, with the sign that they have; the others on request. */
export function Weights({
  context,
  title,
  values
}: {
  context: IContext;
  title: string;
  values: Readonly<Record<string, unknown>>;
}): JSX.Element | null {
  const { trans } = context;
  const [isWhole, setIsWhole] = React.useState(false);
  const ranked = rankedWeights(values);
  if (ranked.length === 0) {
    return null;
  }
  const shown = isWhole ? ranked : ranked.slice(0, MOST);
  const rest = ranked.length - shown.length;
  const told = shown.map(({ name, value }) => `${name} ${number(value)}`).join(', ');
  return (
    <section className="tb-Weights">
      <h2>{title}</h2>
      <Chart
        context={context}
        label={`${title}: ${told}`}
        height={AXIS_HEIGHT + BAR_HEIGHT * shown.length}
        spec={{
          data: { values: shown.map(({ name, value }) => ({ name, value })) },
          mark: { type: 'bar', height: { band: 0.7 } },
          encoding: {
            y: { field: 'name', type: 'nominal', sort: null, title: null, axis: { labelLimit: 180, ticks: false } },
            x: { field: 'value', type: 'quantitative', title: null },
            tooltip: [
              { field: 'name', type: 'nominal', title: trans.__('Feature') },
              { field: 'value', type: 'quantitative', title }
            ]
          }
        }}
      />
      {rest > 0 && (
        <button className="jp-mod-styled tb-Button" onClick={() => setIsWhole(true)}>
          {trans._n('Show %1 more', 'Show %1 more', rest)}
        </button>
      )}
    </section>
  );
}

/** Return the numbers among some values, the weightiest first; what can't be drawn is left out. */
export function rankedWeights(values: Readonly<Record<string, unknown>>): readonly IWeight[] {
  return Object.entries(values)
    .flatMap(([name, value]) => {
      const amount = toNumber(value);
      return amount === null || !Number.isFinite(amount) ? [] : [{ name: oneLine(name), value: amount }];
    })
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
}
