import * as React from 'react';

import { CurveControls, ICurveChoice } from '../components/curve_controls';
import { Curves } from '../components/curves';
import { number, oneLine, toNumber } from '../components/format';
import { Message } from '../components/message';
import { MetricValue } from '../components/value';
import { useAnswer } from '../core/answer';
import { ISeries, runPath } from './api';
import { Answered, IPart, Section } from './part';

const MOST_POINTS = 1000;

type Shown = IPart & { readonly onExplain: (key: string) => void };

/** A run's metrics: a curve of each that has several points, and the values of all. */
export function Metrics(shown: Shown): JSX.Element {
  const { at, context, run } = shown;
  const answer = useAnswer<{ readonly series: readonly ISeries[] }>(
    context,
    runPath(run.run_id, 'metrics'),
    { at, most: MOST_POINTS },
    { isLive: run.status === 'RUNNING' }
  );
  return (
    <Answered context={context} answer={answer}>
      {({ series }) => <AllSeries {...shown} series={series} />}
    </Answered>
  );
}

function AllSeries({ series, ...shown }: Shown & { series: readonly ISeries[] }): JSX.Element {
  const { trans } = shown.context;
  const long = series.filter(each => each.total > 1);
  if (series.length === 0) {
    return <Message>{trans.__('This run has no metrics.')}</Message>;
  }
  return (
    <>
      {long.length > 0 && <CurveCards {...shown} series={long} />}
      <Values {...shown} series={series} />
    </>
  );
}

function CurveCards({ context, series }: Shown & { series: readonly ISeries[] }): JSX.Element {
  const { trans } = context;
  const [choice, setChoice] = React.useState<ICurveChoice>({ over: 'step', isLogarithmic: false, smoothing: 0 });
  return (
    <Section
      title={trans.__('Curves')}
      aside={
        <CurveControls trans={trans} choice={choice} onChoose={change => setChoice(last => ({ ...last, ...change }))} />
      }
    >
      <div className="tb-Cards">
        {series.map(each => (
          <figure key={each.key} className="tb-Card">
            <figcaption>
              {oneLine(each.key)}
              <span className="tb-mod-quiet"> {told(shownPoints(trans, each))}</span>
            </figcaption>
            <Curves
              context={context}
              label={trans.__('Curve of %1', each.key)}
              curves={[{ name: each.key, points: each.points }]}
              {...choice}
              height={170}
            />
          </figure>
        ))}
      </div>
    </Section>
  );
}

function Values({ context: { trans }, onExplain, run, series }: Shown & { series: readonly ISeries[] }): JSX.Element {
  return (
    <Section title={trans.__('Values')}>
      <table className="tb-Grid" aria-label={trans.__('Values of the metrics')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Metric')}</th>
            <th scope="col" className="tb-mod-end">
              {trans.__('Last')}
            </th>
            <th scope="col" className="tb-mod-end">
              {trans.__('Least')}
            </th>
            <th scope="col" className="tb-mod-end">
              {trans.__('Greatest')}
            </th>
            <th scope="col" className="tb-mod-end">
              {trans.__('Points')}
            </th>
            <th scope="col">{trans.__('Why')}</th>
          </tr>
        </thead>
        <tbody>
          {series.map(each => (
            <tr key={each.key}>
              <th scope="row">{oneLine(each.key)}</th>
              <td className="tb-mod-end">
                <MetricValue value={run.metrics[each.key]} />
              </td>
              <td className="tb-mod-end">{extreme(each, Math.min)}</td>
              <td className="tb-mod-end">{extreme(each, Math.max)}</td>
              <td className="tb-mod-end">{each.total}</td>
              <td>
                <button
                  className="tb-Link"
                  aria-label={trans.__('Why %1 is what it is', each.key)}
                  onClick={() => onExplain(each.key)}
                >
                  {trans.__('why')}
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function extreme(series: ISeries, of: (...values: number[]) => number): string {
  const values = series.points.map(point => toNumber(point.value)).filter(value => value !== null && !isNaN(value));
  return series.total > 1 && values.length > 0 ? number(of(...(values as number[]))) : '';
}

function shownPoints(trans: IPart['context']['trans'], { points, total }: ISeries): string {
  return points.length < total
    ? trans.__('%1 of %2 points', points.length, total)
    : trans._n('%1 point', '%1 points', total);
}

function told(text: string): string {
  return `· ${text}`;
}
