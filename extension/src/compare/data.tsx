import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { oneLine, shape } from '../components/format';
import { Message } from '../components/message';
import { IDiffData, IDiffTable } from './api';
import { OfPair } from './pair';
import { SideBySide } from './table';
import { ICompared } from './view';

const DIGEST = 8;

/** The tables of the runs side by side, and of two what became of their columns. */
export function DataDiff(compared: ICompared): JSX.Element {
  const { comparison, context } = compared;
  const { trans } = context;
  const rows = comparison.rows.filter(row => row.section === 'data');
  if (rows.length === 0) {
    return <Message>{trans.__('No table flowed into these runs, as far as that is known.')}</Message>;
  }
  const same = rows.filter(row => !row.differs).length;
  return (
    <>
      <p className="tb-mod-quiet">
        {same === rows.length
          ? trans.__('All %1 tables are the same in all runs.', rows.length)
          : trans.__('%1 of %2 tables are the same in all runs.', same, rows.length)}
      </p>
      <SideBySide {...compared} sections={[{ title: trans.__('Tables'), rows }]} />
      <OfPair {...compared}>{diff => <Tables trans={trans} tables={diff.data} />}</OfPair>
    </>
  );
}

function Tables({ trans, tables }: { trans: TranslationBundle; tables: readonly IDiffData[] }): JSX.Element {
  const changed = tables.filter(table => !table.same);
  if (changed.length === 0) {
    return <Message>{trans.__('Both runs used the same data, value by value.')}</Message>;
  }
  return (
    <ul className="tb-Diff">
      {changed.map(table => (
        <li key={table.name} className="tb-Diff-cell">
          <div className="tb-Cell-head">
            <strong>{oneLine(table.name)}</strong>
            <span>{told(trans, table)}</span>
            <span>
              {facts(trans, table.before)} → {facts(trans, table.after)}
            </span>
          </div>
          <Columns sign="+" names={table.added} label={trans.__('Columns that came')} />
          <Columns sign="−" names={table.removed} label={trans.__('Columns that went')} />
          <Columns
            sign="±"
            names={table.retyped.map(([name, before, after]) => `${name}: ${before} → ${after}`)}
            label={trans.__('Columns of another type')}
          />
        </li>
      ))}
    </ul>
  );
}

function Columns({
  sign,
  names,
  label
}: {
  sign: string;
  names: readonly string[];
  label: string;
}): JSX.Element | null {
  if (names.length === 0) {
    return null;
  }
  return (
    <p>
      <span aria-hidden="true">{sign} </span>
      {label}: <code>{names.map(oneLine).join(', ')}</code>
    </p>
  );
}

function told(trans: TranslationBundle, { added, after, before, removed, retyped }: IDiffData): string {
  if (before === null || after === null) {
    return before === null ? trans.__('only in the second') : trans.__('only in the first');
  }
  if (added.length + removed.length + retyped.length > 0) {
    return trans.__('other columns');
  }
  return before.rows === after.rows ? trans.__('other values, as many rows') : trans.__('other rows');
}

function facts(trans: TranslationBundle, table: IDiffTable | null): string {
  if (table === null) {
    return trans.__('none');
  }
  return `${shape(table.shape)} ${table.fingerprint ? `#${table.fingerprint.slice(0, DIGEST)}` : ''}`.trim();
}
