import { TranslationBundle } from '@jupyterlab/translation';
import { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { Chart } from '../components/chart';
import { Message } from '../components/message';
import { drawn, fieldsOf, IField, undrawn } from './fields';
import { FieldOptions } from './options';
import { ICompared } from './view';

const MOST_LABELS = 25;
const HEIGHT = 420;

/** Any param or metric of the runs against any other. */
export function Scatter({ choice, choose, comparison, context, names }: ICompared): JSX.Element {
  const { trans } = context;
  const fields = React.useMemo(() => fieldsOf(comparison), [comparison]);
  if (fields.length === 0) {
    return <Message>{trans.__('These runs have no params and no metrics that could be drawn.')}</Message>;
  }
  const y = fields.find(field => field.id === choice.y) ?? fields[0];
  const x = fields.find(field => field.id === choice.x) ?? firstOther(fields, y);
  const hidden = [x, y].filter((field, n, all) => all.indexOf(field) === n && undrawn(field) > 0);
  const without = names.filter((_, run) => !x.row.present[run] || !y.row.present[run]).length;
  return (
    <>
      <div className="tb-Controls">
        <label>
          {trans.__('Across')}
          <select value={x.id} onChange={event => choose({ x: event.target.value })}>
            <FieldOptions trans={trans} fields={fields} />
          </select>
        </label>
        <Logarithmic
          trans={trans}
          field={x}
          isOn={choice.isXLogarithmic}
          onChange={isXLogarithmic => choose({ isXLogarithmic })}
        />
        <label>
          {trans.__('Up')}
          <select value={y.id} onChange={event => choose({ y: event.target.value })}>
            <FieldOptions trans={trans} fields={fields} />
          </select>
        </label>
        <Logarithmic
          trans={trans}
          field={y}
          isOn={choice.isYLogarithmic}
          onChange={isYLogarithmic => choose({ isYLogarithmic })}
        />
      </div>
      <Chart
        context={context}
        label={trans.__('%1 against %2', y.label, x.label)}
        height={HEIGHT}
        spec={scatterSpec(names, [x, choice.isXLogarithmic], [y, choice.isYLogarithmic], trans.__('Run'))}
      />
      {without > 0 && (
        <p className="tb-Curves-remark">
          {trans._n('%1 run lacks one of the two: not drawn.', '%1 runs lack one of the two: not drawn.', without)}
        </p>
      )}
      {hidden.map(field => (
        <p key={field.id} className="tb-Curves-remark">
          {trans.__('%1 is NaN or infinite in %2 of the runs: not drawn.', field.label, undrawn(field))}
        </p>
      ))}
    </>
  );
}

function Logarithmic({
  trans,
  field,
  isOn,
  onChange
}: {
  trans: TranslationBundle;
  field: IField;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}): JSX.Element {
  return (
    <label>
      <input
        type="checkbox"
        checked={isOn && isPositive(field)}
        disabled={!isPositive(field)}
        aria-label={trans.__('Logarithmic scale of %1', field.label)}
        onChange={event => onChange(event.target.checked)}
      />
      {trans.__('logarithmic')}
    </label>
  );
}

type Axis = readonly [field: IField, isLogarithmic: boolean];

/** Return the specification of a scatter plot; each run is named beside its point while there are few. */
export function scatterSpec(names: readonly string[], x: Axis, y: Axis, runTitle: string): ReadonlyJSONObject {
  const rows = names
    .map((name, run) => ({ name, x: drawn(x[0], run), y: drawn(y[0], run) }))
    .filter(row => row.x !== null && row.y !== null);
  const encoding = { x: axisOf('x', x), y: axisOf('y', y) };
  const labels = {
    mark: { type: 'text', align: 'left', dx: 9, fontSize: 11, limit: 160 },
    encoding: { ...encoding, text: { field: 'name' } }
  };
  return {
    data: { values: rows },
    layer: [
      {
        mark: { type: 'point', filled: true, size: 90, opacity: 0.8 },
        encoding: {
          ...encoding,
          tooltip: [
            { field: 'name', title: runTitle },
            { field: 'x', title: x[0].label },
            { field: 'y', title: y[0].label }
          ]
        }
      },
      ...(rows.length <= MOST_LABELS ? [labels] : [])
    ]
  };
}

function axisOf(name: string, [field, isLogarithmic]: Axis): ReadonlyJSONObject {
  if (!field.isNumber) {
    return { field: name, type: 'nominal', title: field.label, axis: { labelAngle: 0, labelLimit: 140 } };
  }
  const type = isLogarithmic && isPositive(field) ? 'log' : 'linear';
  return {
    field: name,
    type: 'quantitative',
    title: field.label,
    scale: { type, zero: false, nice: true, padding: 20 }
  };
}

function isPositive(field: IField): boolean {
  const values = field.row.values.map((_, run) => drawn(field, run)).filter(value => value !== null);
  return field.isNumber && values.length > 0 && values.every(value => typeof value === 'number' && value > 0);
}

function firstOther(fields: readonly IField[], y: IField): IField {
  const others = fields.filter(field => field !== y);
  return (
    others.find(field => field.row.differs && field.row.section === 'params' && field.isNumber) ??
    others.find(field => field.row.differs) ??
    others[0] ??
    y
  );
}
