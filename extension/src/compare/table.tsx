import * as React from 'react';

import { aligned, Json, number, oneLine, shape, signed, toNumber } from '../components/format';
import { Message } from '../components/message';
import { MetricValue, Value } from '../components/value';
import { IRow } from './api';
import { ICompared } from './view';

type Section = IRow['section'];

/** Metrics, params and models side by side, a run a column; the best of each metric is marked by a star. */
export function ComparisonTable(compared: ICompared): JSX.Element {
  const { choice, choose, comparison, context } = compared;
  const { trans } = context;
  const titles: readonly (readonly [Section, string])[] = [
    ['metrics', trans.__('Metrics')],
    ['params', trans.__('Params')],
    ['model', trans.__('Model')],
    ['modules', trans.__('Modules')]
  ];
  const isShown = (row: IRow): boolean => !choice.isOnlyDifferences || row.differs;
  const sections = titles
    .map(([section, title]) => ({
      title,
      rows: comparison.rows.filter(row => row.section === section && isShown(row))
    }))
    .filter(({ rows }) => rows.length > 0);
  const same = comparison.rows.filter(row => titles.some(([section]) => section === row.section) && !row.differs);
  return (
    <>
      <div className="tb-Controls">
        <label>
          <input
            type="checkbox"
            checked={choice.isOnlyDifferences}
            onChange={event => choose({ isOnlyDifferences: event.target.checked })}
          />
          {trans.__('Only differences')}
        </label>
        <span className="tb-mod-quiet">
          {choice.isOnlyDifferences && same.length > 0 && trans.__('%1 rows are the same in all', same.length)}
        </span>
      </div>
      {sections.length === 0 ? (
        <Message>{trans.__('Nothing differs here: metrics, params and models are the same in all runs.')}</Message>
      ) : (
        <SideBySide {...compared} sections={sections} />
      )}
    </>
  );
}

interface ISection {
  readonly title: string;
  readonly rows: readonly IRow[];
}

/** Rows in sections, with a column for each run. */
export function SideBySide({
  comparison,
  context,
  names,
  at,
  sections
}: Pick<ICompared, 'comparison' | 'context' | 'names' | 'at'> & { sections: readonly ISection[] }): JSX.Element {
  const { trans } = context;
  return (
    <div className="tb-Side-scroller" tabIndex={0} role="region" aria-label={trans.__('Runs side by side')}>
      <table className="tb-Side">
        <thead>
          <tr>
            <td />
            {comparison.runs.map((run, n) => (
              <th key={run.run_id} scope="col">
                <button
                  className="tb-Link"
                  title={trans.__('Open the run %1', run.name)}
                  onClick={() => void context.commands.execute('trackbook:open-run', { run: run.run_id, at })}
                >
                  {names[n]}
                </button>
                {run.run_id === comparison.baseline && (
                  <span className="tb-mod-quiet" title={trans.__('Differences are taken from this run')}>
                    {' '}
                    {trans.__('baseline')}
                  </span>
                )}
              </th>
            ))}
          </tr>
        </thead>
        {sections.map(({ title, rows }) => (
          <tbody key={title}>
            <tr className="tb-Side-title">
              <th scope="colgroup" colSpan={comparison.runs.length + 1}>
                {title}
              </th>
            </tr>
            {rows.map(row => (
              <SideRow key={row.key} compared={{ comparison, context }} row={row} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

function SideRow({
  compared: { comparison, context },
  row
}: {
  compared: Pick<ICompared, 'comparison' | 'context'>;
  row: IRow;
}): JSX.Element {
  const { trans } = context;
  const written = writtenOf(row);
  return (
    <tr className={row.differs ? 'tb-mod-differs' : ''}>
      <th scope="row" title={oneLine(row.key)}>
        {oneLine(row.key)}
        <Direction trans={trans} higherIsBetter={row.higher_is_better} />
      </th>
      {row.values.map((value, run) => {
        const isBest = row.best.includes(run);
        const difference = comparison.runs[run].run_id === comparison.baseline ? null : row.differences[run];
        return (
          <td key={run} className={isBest ? 'tb-mod-best' : ''}>
            <Item row={row} value={value} isPresent={row.present[run]} shown={written[run]} />
            {isBest && (
              <span className="tb-Side-star" role="img" aria-label={trans.__('best')} title={trans.__('Best')}>
                ★
              </span>
            )}
            {typeof difference === 'number' && difference !== 0 && (
              <span className="tb-Side-difference">{signed(difference)}</span>
            )}
          </td>
        );
      })}
    </tr>
  );
}

function Direction({
  trans,
  higherIsBetter
}: {
  trans: ICompared['context']['trans'];
  higherIsBetter: boolean | null;
}): JSX.Element | null {
  if (higherIsBetter === null) {
    return null;
  }
  const told = higherIsBetter ? trans.__('more is better') : trans.__('less is better');
  return (
    <span className="tb-mod-quiet" role="img" aria-label={told} title={told}>
      {higherIsBetter ? ' ↑' : ' ↓'}
    </span>
  );
}

function Item({
  isPresent,
  row,
  shown,
  value
}: {
  row: IRow;
  value: Json;
  isPresent: boolean;
  shown?: string;
}): JSX.Element {
  if (!isPresent) {
    return <Value value={undefined} />;
  }
  if (row.section === 'metrics') {
    return <MetricValue value={value} shown={shown} />;
  }
  return row.section === 'data' ? <Table value={value} /> : <Value value={value} />;
}

function Table({ value }: { value: Json }): JSX.Element {
  const table = value as { readonly shape?: readonly number[]; readonly fingerprint?: string | null } | null;
  return (
    <span title={table?.fingerprint ?? undefined}>
      {shape(table?.shape ?? [])}{' '}
      <code className="tb-mod-quiet">{table?.fingerprint ? `#${table.fingerprint.slice(0, 8)}` : ''}</code>
    </span>
  );
}

/** Return a metric's values written so that they line up; undefined where there is none. */
function writtenOf(row: IRow): readonly (string | undefined)[] {
  if (row.section !== 'metrics') {
    return row.values.map(() => undefined);
  }
  const amounts = row.values.map((value, run) => (row.present[run] ? toNumber(value) : null));
  const there = amounts.filter((amount): amount is number => amount !== null);
  const written = aligned(there);
  return amounts.map(amount => (amount === null ? undefined : (written[there.indexOf(amount)] ?? number(amount))));
}
