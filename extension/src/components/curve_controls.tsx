import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Over } from './curves';

const MOST_SMOOTHING = 0.95;

/** How curves are drawn. */
export interface ICurveChoice {
  readonly over: Over;
  readonly isLogarithmic: boolean;
  readonly smoothing: number;
}

/** What chooses how curves are drawn. */
export function CurveControls({
  trans,
  choice,
  onChoose
}: {
  trans: TranslationBundle;
  choice: ICurveChoice;
  onChoose: (change: Partial<ICurveChoice>) => void;
}): JSX.Element {
  return (
    <div className="tb-Controls">
      <label>
        {trans.__('Over')}
        <select
          value={choice.over}
          onChange={event => onChoose({ over: event.target.value === 'seconds' ? 'seconds' : 'step' })}
        >
          <option value="step">{trans.__('steps')}</option>
          <option value="seconds">{trans.__('seconds')}</option>
        </select>
      </label>
      <label>
        <input
          type="checkbox"
          checked={choice.isLogarithmic}
          onChange={event => onChoose({ isLogarithmic: event.target.checked })}
        />
        {trans.__('Logarithmic')}
      </label>
      <label>
        {trans.__('Smoothing')}
        <input
          type="range"
          min={0}
          max={MOST_SMOOTHING}
          step={0.05}
          value={choice.smoothing}
          onChange={event => onChoose({ smoothing: Number(event.target.value) })}
        />
      </label>
    </div>
  );
}
