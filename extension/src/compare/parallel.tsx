import * as React from 'react';

import { Chart } from '../components/chart';
import { Message } from '../components/message';
import { drawn, fieldsOf, IField, undrawn } from './fields';
import { FieldOptions } from './options';
import { parallelSpec } from './parallel_spec';
import { ICompared } from './view';

const MOST_AXES = 12;
const MOST_OF_EACH = 4;
const HEIGHT = 380;

/** Each run as a line through its params and metrics, an axis for each. */
export function Parallel({ choice, choose, comparison, context, names }: ICompared): JSX.Element {
  const { trans } = context;
  const fields = React.useMemo(() => fieldsOf(comparison), [comparison]);
  const chosen = choice.axes.flatMap(id => fields.filter(field => field.id === id));
  const axes = chosen.length > 0 ? chosen : firstAxes(fields);
  const others = fields.filter(field => !axes.includes(field));
  const setAxes = (wanted: readonly IField[]): void => choose({ axes: wanted.map(field => field.id) });
  if (fields.length < 2) {
    return <Message>{trans.__('These runs have too few params and metrics to be drawn by.')}</Message>;
  }
  const gaps = axes.filter(field => names.some((_, run) => drawn(field, run) === null));
  return (
    <>
      <div className="tb-Controls">
        <ul className="tb-Axes" aria-label={trans.__('Axes')}>
          {axes.map((field, n) => (
            <li key={field.id} className="tb-Chip">
              <button
                className="tb-Chip-button"
                disabled={n === 0}
                aria-label={trans.__('Move %1 to the left', field.label)}
                title={trans.__('Move to the left')}
                onClick={() => setAxes(movedLeft(axes, n))}
              >
                ←
              </button>
              <span className="tb-Chip-text">{field.label}</span>
              <button
                className="tb-Chip-button"
                disabled={axes.length <= 2}
                aria-label={trans.__('Take the axis %1 away', field.label)}
                title={trans.__('Take it away')}
                onClick={() => setAxes(axes.filter(each => each !== field))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
        {others.length > 0 && axes.length < MOST_AXES && (
          <label>
            {trans.__('Add an axis')}
            <select
              value=""
              onChange={event => setAxes([...axes, ...others.filter(field => field.id === event.target.value)])}
            >
              <option value="">{trans.__('choose…')}</option>
              <FieldOptions trans={trans} fields={others} />
            </select>
          </label>
        )}
      </div>
      <Chart
        context={context}
        label={trans.__('Runs as lines through %1', axes.map(field => field.label).join(', '))}
        height={HEIGHT}
        spec={parallelSpec(names, axes, { run: trans.__('Run'), axis: trans.__('Axis'), value: trans.__('Value') })}
      />
      {gaps.length > 0 && (
        <p className="tb-Curves-remark">
          {trans.__('Lines have gaps where a run has no value: %1.', gaps.map(field => gapText(field)).join(', '))}
        </p>
      )}
    </>
  );

  function gapText(field: IField): string {
    const special = undrawn(field);
    return special > 0 ? trans.__('%1 (%2 NaN or infinite)', field.label, special) : field.label;
  }
}

/** Return the axes that tell most: those that differ and that most runs have, params before metrics. */
function firstAxes(fields: readonly IField[]): readonly IField[] {
  const there = (field: IField): number => field.row.values.filter((_, run) => drawn(field, run) !== null).length;
  const rank = (field: IField): number => (field.row.differs ? 1000 : 0) + there(field);
  const best = (section: string, most: number): readonly IField[] => {
    const found = fields
      .filter(field => field.row.section === section && there(field) > 0)
      .sort((one, other) => rank(other) - rank(one));
    const differing = found.filter(field => field.row.differs);
    return (differing.length > 0 ? differing : found).slice(0, most);
  };
  return [...best('params', MOST_OF_EACH), ...best('metrics', MOST_OF_EACH)];
}

function movedLeft(axes: readonly IField[], n: number): readonly IField[] {
  const moved = [...axes];
  [moved[n - 1], moved[n]] = [moved[n], moved[n - 1]];
  return moved;
}
