import { ReadonlyJSONObject } from '@lumino/coreutils';

import { number } from '../components/format';
import { drawn, IField } from './fields';

const MOST_COLOURED = 8;
const LOGARITHMIC_FROM = 100;

/** Where a value stands on its axis: 0 at the foot, 1 at the head. */
type Scale = (value: number | string) => number;

interface IAxis {
  readonly scale: Scale;
  /** What is written beside the axis, and where. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
}

interface ITitles {
  readonly run: string;
  readonly axis: string;
  readonly value: string;
}

type Tick = { readonly axis: number; readonly y: number; readonly text: string };

/** Where a value is written: above the head of its axis, beneath its foot, or beside it. */
const TICKS: readonly { readonly isHere: (tick: Tick) => boolean; readonly mark: ReadonlyJSONObject }[] = [
  { isHere: tick => tick.y === 1, mark: { align: 'center', dy: -11 } },
  { isHere: tick => tick.y === 0, mark: { align: 'center', dy: 13 } },
  { isHere: tick => tick.y > 0 && tick.y < 1, mark: { align: 'right', dx: -8, dy: -7 } }
];

/** Return the specification of parallel coordinates. Of few runs each has a colour and a dash of its own. */
export function parallelSpec(names: readonly string[], fields: readonly IField[], titles: ITitles): ReadonlyJSONObject {
  const axes = fields.map(axisOf);
  const lines = names.flatMap((name, run) =>
    fields.map((field, n) => {
      const value = drawn(field, run);
      return { name, axis: n, y: value === null ? null : axes[n].scale(value), title: field.label, value };
    })
  );
  const ticks: readonly Tick[] = axes.flatMap(({ ticks: own }, n) =>
    own.map(({ at, text }) => ({ axis: n, y: at, text }))
  );
  const heads = fields.map((field, n) => ({ axis: n, text: field.label }));
  const x = {
    field: 'axis',
    type: 'quantitative',
    axis: null,
    scale: { domain: [-0.4, fields.length - 0.6], nice: false, zero: false }
  };
  const y = { field: 'y', type: 'quantitative', axis: null, scale: { domain: [-0.1, 1.2], nice: false } };
  const isColoured = names.length > 1 && names.length <= MOST_COLOURED;
  const legend = { orient: 'bottom', columns: 4, symbolType: 'stroke', symbolSize: 400 };
  const byName = { field: 'name', type: 'nominal', sort: names, title: null };
  const own: ReadonlyJSONObject = isColoured
    ? { color: { ...byName, legend }, strokeDash: { ...byName, legend: null } }
    : {};
  const colour: ReadonlyJSONObject = isColoured ? { color: { ...byName, legend } } : {};
  const tooltip = [
    { field: 'name', title: titles.run },
    { field: 'title', title: titles.axis },
    { field: 'value', title: titles.value }
  ];
  return {
    layer: [
      {
        data: { values: heads.map(head => ({ ...head, low: 0, high: 1 })) },
        mark: { type: 'rule', color: 'gray', opacity: 0.6 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' } }
      },
      {
        data: { values: lines },
        mark: { type: 'line', strokeWidth: 1.8, opacity: 0.8, invalid: 'break-paths-show-path-domains' },
        encoding: { x, y, detail: { field: 'name' }, order: { field: 'axis' }, ...own }
      },
      {
        data: { values: lines.filter(point => point.y !== null) },
        mark: { type: 'point', filled: true, size: 50 },
        encoding: { x, y, ...colour, tooltip }
      },
      ...TICKS.map(({ isHere, mark }) => ({
        data: { values: ticks.filter(isHere) },
        mark: { type: 'text', fontSize: 10, limit: 120, ...mark },
        encoding: { x, y, text: { field: 'text' } }
      })),
      {
        data: { values: heads.map(head => ({ ...head, y: 1.15 })) },
        mark: { type: 'text', fontWeight: 'bold', fontSize: 11, limit: 150 },
        encoding: { x, y, text: { field: 'text' } }
      }
    ]
  };
}

function axisOf(field: IField): IAxis {
  const values = field.row.values.map((_, run) => drawn(field, run)).filter(value => value !== null);
  return field.isNumber ? numberAxis(values as number[]) : wordAxis(values.map(String));
}

/** Return an axis of numbers; a logarithmic one where they are above 0 and far apart. */
function numberAxis(values: readonly number[]): IAxis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (values.length === 0 || low === high) {
    return { scale: () => 0.5, ticks: values.length === 0 ? [] : [{ at: 0.5, text: number(low) }] };
  }
  const isLogarithmic = low > 0 && high / low >= LOGARITHMIC_FROM;
  const along = isLogarithmic ? Math.log : (value: number): number => value;
  const scale = (value: number | string): number => (along(Number(value)) - along(low)) / (along(high) - along(low));
  return {
    scale,
    ticks: [
      { at: 0, text: number(low) },
      { at: 1, text: number(high) }
    ]
  };
}

function wordAxis(values: readonly string[]): IAxis {
  const words = [...new Set(values)];
  const place = (n: number): number => (words.length === 1 ? 0.5 : n / (words.length - 1));
  return {
    scale: value => place(words.indexOf(String(value))),
    ticks: words.map((text, n) => ({ at: place(n), text }))
  };
}
