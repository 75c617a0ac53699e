import * as React from 'react';

import { CurveControls } from '../components/curve_controls';
import { Curves } from '../components/curves';
import { oneLine } from '../components/format';
import { Message } from '../components/message';
import { ApiError } from '../core/request';
import { ISeries, runsPath } from './api';
import { useEach } from './each';
import { ICompared } from './view';

const MOST_POINTS = 500;

/** The curves of each metric, those of all runs over each other. */
export function OverlaidCurves({ at, choice, choose, comparison, context, names }: ICompared): JSX.Element {
  const { trans } = context;
  const { answers } = useEach<{ readonly series: readonly ISeries[] }>(
    context,
    comparison.runs.map(run => runsPath(run.run_id, 'metrics')),
    { at, most: MOST_POINTS }
  );
  if (answers === null) {
    return <Message isBusy>{trans.__('Loading…')}</Message>;
  }
  const failures = answers.filter(answer => answer instanceof ApiError);
  const series = answers.map(answer => (answer instanceof ApiError ? [] : answer.series));
  const keys = [
    ...new Set(
      series
        .flat()
        .filter(each => each.total > 1)
        .map(each => each.key)
    )
  ];
  const over = choice.over === 'seconds' ? 'seconds' : 'step';
  const { isLogarithmic, smoothing } = choice;
  return (
    <>
      {failures.map((failure, n) => (
        <Message key={n}>{failure.message}</Message>
      ))}
      {keys.length === 0 ? (
        <Message>
          {trans.__('None of these runs has a metric with more than one point. Log one with a step to see it.')}
        </Message>
      ) : (
        <>
          <CurveControls trans={trans} choice={{ over, isLogarithmic, smoothing }} onChoose={choose} />
          <div className="tb-Cards tb-mod-wide">
            {keys.map(key => (
              <figure key={key} className="tb-Card">
                <figcaption>{oneLine(key)}</figcaption>
                <Curves
                  context={context}
                  label={trans.__('Curves of %1', key)}
                  curves={series.flatMap((own, run) => {
                    const found = own.find(each => each.key === key);
                    return found ? [{ name: names[run], points: found.points }] : [];
                  })}
                  over={over}
                  isLogarithmic={isLogarithmic}
                  smoothing={smoothing}
                  height={260}
                />
              </figure>
            ))}
          </div>
        </>
      )}
    </>
  );
}
