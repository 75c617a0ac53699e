import { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { IContext } from '../core/context';
import { Chart } from './chart';
import { toNumber } from './format';

export interface ICurvePoint {
  readonly step: number;
  readonly value: unknown;
  readonly time: string;
}

/** A series of points; `name` tells it from the others in the same picture. */
export interface ICurve {
  readonly name: string;
  readonly points: readonly ICurvePoint[];
}

/** What a curve is drawn over: the step, or the seconds since its first point. */
export type Over = 'step' | 'seconds';

export interface ICurvesProps {
  readonly context: IContext;
  readonly label: string;
  readonly curves: readonly ICurve[];
  readonly over?: Over;
  readonly isLogarithmic?: boolean;
  /** How much each point is drawn towards those before it: 0, as it is, up to just below 1. */
  readonly smoothing?: number;
  readonly height?: number;
}

/** Curves over each other. What can't be drawn is said: NaN, infinities, on a logarithmic scale what is not above 0. */
export function Curves(props: ICurvesProps): JSX.Element {
  const { context, label, curves, isLogarithmic = false, height } = props;
  const { trans } = context;
  const values = curves.flatMap(curve => curve.points.map(point => toNumber(point.value)));
  const special = values.filter(value => value === null || !Number.isFinite(value)).length;
  const isHidden = (value: number | null): boolean => value !== null && Number.isFinite(value) && value <= 0;
  const hidden = isLogarithmic ? values.filter(isHidden).length : 0;
  return (
    <div className="tb-Curves">
      <Chart context={context} label={label} spec={curvesSpec(props)} height={height} />
      {special > 0 && (
        <p className="tb-Curves-remark">
          {trans._n('%1 point is NaN or infinite: a gap.', '%1 points are NaN or infinite: gaps.', special)}
        </p>
      )}
      {hidden > 0 && (
        <p className="tb-Curves-remark">
          {trans._n(
            '%1 point is not above 0: not on a logarithmic scale.',
            '%1 points are not above 0: not on a logarithmic scale.',
            hidden
          )}
        </p>
      )}
    </div>
  );
}

/** Return the vega-lite specification of some curves. */
export function curvesSpec(props: Omit<ICurvesProps, 'label' | 'height'>): ReadonlyJSONObject {
  const { context, curves, over = 'step', isLogarithmic = false, smoothing = 0 } = props;
  const { trans } = context;
  const rows = curves.flatMap(curve => rowsOf(curve, over, isLogarithmic, smoothing));
  const isFew = curves.every(curve => curve.points.length <= 60);
  const x = { field: 'x', type: 'quantitative', title: over === 'step' ? trans.__('Step') : trans.__('Seconds') };
  const names = curves.map(curve => curve.name);
  const telling = curves.length > 1;
  const legend = { orient: 'bottom', columns: 3, symbolType: 'stroke', symbolSize: 400 };
  const byName = { field: 'name', type: 'nominal', sort: names, title: null };
  const line = { type: 'line', point: isFew ? { size: 22, filled: true } : false, strokeWidth: 1.8, clip: true };
  return {
    data: { values: rows },
    mark: { ...line, invalid: 'break-paths-show-path-domains' },
    encoding: {
      x: { ...x, axis: { tickMinStep: over === 'step' ? 1 : 0, grid: false } },
      y: {
        field: 'y',
        type: 'quantitative',
        title: null,
        scale: { zero: false, type: isLogarithmic ? 'log' : 'linear' }
      },
      ...(telling && { color: { ...byName, legend }, strokeDash: { ...byName, legend: null } }),
      tooltip: [
        { field: 'name', type: 'nominal', title: trans.__('Curve') },
        { ...x },
        { field: 'value', type: 'quantitative', title: trans.__('Value') }
      ]
    }
  };
}

type Row = { readonly name: string; readonly x: number; readonly y: number | null; readonly value: number | null };

function rowsOf({ name, points }: ICurve, over: Over, isLogarithmic: boolean, smoothing: number): readonly Row[] {
  const start = points.length > 0 ? Date.parse(points[0].time) : 0;
  let last: number | null = null;
  return points.map(point => {
    const amount = toNumber(point.value);
    const value = amount !== null && Number.isFinite(amount) ? amount : null;
    if (value !== null) {
      last = last === null ? value : smoothing * last + (1 - smoothing) * value;
    }
    const drawn = value === null ? null : last;
    return {
      name,
      x: over === 'step' ? point.step : (Date.parse(point.time) - start) / 1000,
      y: drawn !== null && isLogarithmic && drawn <= 0 ? null : drawn,
      value
    };
  });
}
