import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { number, oneLine, shortened, toNumber } from './format';

const MOST_COLUMNS = 50;
const MOST_TOP = 3;
const WIDEST = 24;
const BARE_INDEX = 'index __index_level_';
const BAR_WIDTH = 5;
const BARS_HEIGHT = 20;

/** A value on a scale: a number, the name of one that JSON has not, or a time. */
type Mark = number | string;

export interface IHistogram {
  readonly edges: readonly Mark[];
  readonly counts: readonly number[];
}

export interface IColumnProfile {
  readonly name: string;
  readonly dtype: string;
  readonly rows: number;
  readonly missing: number;
  readonly infinite: number;
  readonly distinct: number | null;
  readonly minimum: Mark | null;
  readonly maximum: Mark | null;
  readonly mean: Mark | null;
  readonly deviation: Mark | null;
  readonly quantiles: Readonly<Record<string, Mark>>;
  readonly histogram: IHistogram | null;
  readonly shortest: number | null;
  readonly longest: number | null;
  readonly top: readonly { readonly value: string; readonly count: number }[];
}

/** What the columns of a table look like. */
export interface IProfile {
  readonly kind: string;
  readonly rows: number;
  readonly columns: readonly IColumnProfile[];
}

/** A table's columns, one a row: type, missing values, range, mean, and how the values are spread. */
export function Profile({
  trans,
  profile,
  label
}: {
  trans: TranslationBundle;
  profile: IProfile;
  label: string;
}): JSX.Element {
  const [isWhole, setIsWhole] = React.useState(false);
  const shown = isWhole ? profile.columns : profile.columns.slice(0, MOST_COLUMNS);
  const rest = profile.columns.length - shown.length;
  return (
    <div className="tb-Profile">
      <table className="tb-Grid" aria-label={label}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Column')}</th>
            <th scope="col">{trans.__('Type')}</th>
            <th scope="col" className="tb-mod-end">
              {trans.__('Missing')}
            </th>
            <th scope="col" className="tb-mod-end">
              {trans.__('Distinct')}
            </th>
            <th scope="col">{trans.__('Range')}</th>
            <th scope="col">{trans.__('Mean')}</th>
            <th scope="col">{trans.__('Values')}</th>
          </tr>
        </thead>
        <tbody>
          {shown.map(column => (
            <ColumnRow key={column.name} trans={trans} column={column} />
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <button className="jp-mod-styled tb-Button" onClick={() => setIsWhole(true)}>
          {trans._n('Show %1 more column', 'Show %1 more columns', rest)}
        </button>
      )}
    </div>
  );
}

function ColumnRow({ trans, column }: { trans: TranslationBundle; column: IColumnProfile }): JSX.Element {
  const { distinct, dtype, missing, name, rows } = column;
  const title = name.startsWith(BARE_INDEX) ? trans.__('(index)') : oneLine(name);
  return (
    <tr>
      <th scope="row" title={oneLine(name)}>
        {shortened(title, WIDEST)}
      </th>
      <td className="tb-mod-quiet">{oneLine(dtype)}</td>
      <td className="tb-mod-end" title={trans.__('%1 of %2', missing, rows)}>
        {missing > 0 ? <span className="tb-Profile-missing">{share(missing, rows)}</span> : ''}
      </td>
      <td className="tb-mod-end">
        {distinct === null ? '' : distinct}
        {distinct === rows && rows > 1 && <span className="tb-mod-quiet"> {trans.__('all')}</span>}
      </td>
      <td title={quantiles(column)}>{range(trans, column)}</td>
      <td>{mean(column)}</td>
      <td>
        <Spread trans={trans} column={column} />
      </td>
    </tr>
  );
}

function Spread({ trans, column }: { trans: TranslationBundle; column: IColumnProfile }): JSX.Element {
  const { histogram, rows, top } = column;
  if (histogram !== null && Math.max(0, ...histogram.counts) > 0) {
    return <Histogram histogram={histogram} label={trans.__('Histogram of %1', column.name)} />;
  }
  const told = (most: number): string =>
    top
      .slice(0, most)
      .map(each => `${shortened(oneLine(each.value) || "''", WIDEST)} ${share(each.count, rows)}`)
      .join(', ');
  return <span title={told(top.length) || undefined}>{told(MOST_TOP)}</span>;
}

/** A histogram as bars; how many lie where is said on hover and to screen readers. */
export function Histogram({ histogram, label }: { histogram: IHistogram; label: string }): JSX.Element {
  const { counts, edges } = histogram;
  const highest = Math.max(1, ...counts);
  const told = counts.map((count, n) => `${mark(edges[n])} … ${mark(edges[n + 1])}: ${count}`);
  return (
    <svg
      className="tb-Histogram"
      role="img"
      aria-label={`${label}: ${told.join(', ')}`}
      width={counts.length * BAR_WIDTH}
      height={BARS_HEIGHT}
      viewBox={`0 0 ${counts.length * BAR_WIDTH} ${BARS_HEIGHT}`}
    >
      {counts.map((count, n) => {
        const height = count === 0 ? 0 : Math.max(1, (count / highest) * BARS_HEIGHT);
        return (
          <rect key={n} x={n * BAR_WIDTH} y={BARS_HEIGHT - height} width={BAR_WIDTH - 1} height={height}>
            <title>{told[n]}</title>
          </rect>
        );
      })}
    </svg>
  );
}

/** Return a part of a whole in percent; never 0 for what is something, nor 100 for what isn't all. */
export function share(count: number, total: number): string {
  if (total === 0 || count === 0) {
    return '0%';
  }
  const percent = (100 * count) / total;
  if (count < total && percent > 99.9) {
    return '>99.9%';
  }
  return percent < 0.1 ? '<0.1%' : `${percent.toFixed(1).replace(/\.0$/, '')}%`;
}

function range(trans: TranslationBundle, column: IColumnProfile): string {
  const { infinite, longest, maximum, minimum, shortest } = column;
  if (minimum === null || maximum === null) {
    if (shortest === null || longest === null) {
      return '';
    }
    return trans.__('%1 characters', shortest === longest ? shortest : `${shortest} … ${longest}`);
  }
  const [low, high] = [mark(minimum), mark(maximum)];
  const ends = low === high ? low : `${low} … ${high}`;
  return infinite > 0 ? `${ends}, ${trans._n('%1 infinite', '%1 infinite', infinite)}` : ends;
}

function quantiles(column: IColumnProfile): string | undefined {
  const told = Object.entries(column.quantiles).map(
    ([at, value]) => `${Math.round(100 * Number(at))}%: ${mark(value)}`
  );
  return told.length > 0 ? told.join(', ') : undefined;
}

function mean({ deviation, mean: middle }: IColumnProfile): string {
  if (middle === null) {
    return '';
  }
  const spread = toNumber(deviation);
  return spread === null ? mark(middle) : `${mark(middle)} ± ${number(Number(spread.toPrecision(3)))}`;
}

function mark(value: Mark): string {
  const amount = toNumber(value);
  if (amount !== null) {
    return number(amount);
  }
  const time = oneLine(String(value)).replace(/(?:[T ]00:00:00(?:\.0+)?)?(?:\+00:00)?$/, '');
  return shortened(time, WIDEST);
}
