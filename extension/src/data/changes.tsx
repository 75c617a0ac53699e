import * as React from 'react';

import { count } from '../components/count';
import { Fact, Facts } from '../components/facts';
import { number, oneLine, toNumber } from '../components/format';
import { Failure, Message } from '../components/message';
import { share } from '../components/profile';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { datasetPath, IColumnChange, IDataset, INamedColumn, ITableDiff, IVersion } from './api';

const MOST_EXAMPLES = 3;
const MOST_CATEGORIES = 5;

/** What says which row is which. */
type By = 'content' | 'position' | 'key';

interface IAsked {
  readonly before: number;
  readonly by: By;
  readonly key: string;
}

/** What sets a version apart from another one of the same dataset. */
export function Changes({
  context,
  at,
  dataset,
  version
}: {
  context: IContext;
  at: string;
  dataset: IDataset;
  version: IVersion;
}): JSX.Element {
  const { trans } = context;
  const others = dataset.versions.filter(each => each.version !== version.version);
  const nearest = [...others].reverse().find(each => each.version < version.version) ?? others[0];
  const [asked, setAsked] = React.useState<Partial<IAsked>>({});
  if (nearest === undefined) {
    return <Message>{trans.__('This dataset has one version: there is nothing to compare it with.')}</Message>;
  }
  const isThere = others.some(each => each.version === asked.before);
  const whole: IAsked = {
    by: asked.by ?? 'content',
    key: asked.key ?? '',
    before: isThere ? (asked.before ?? nearest.version) : nearest.version
  };
  return (
    <div className="tb-Changes">
      <Asking context={context} others={others} asked={whole} onAsk={each => setAsked({ ...whole, ...each })} />
      <Difference context={context} at={at} version={version} asked={whole} />
    </div>
  );
}

function Asking({
  context: { trans },
  others,
  asked,
  onAsk
}: {
  context: IContext;
  others: readonly IVersion[];
  asked: IAsked;
  onAsk: (asked: Partial<IAsked>) => void;
}): JSX.Element {
  return (
    <div className="tb-Bar">
      <label>
        {trans.__('Since')}{' '}
        <select
          className="tb-Choice"
          value={asked.before}
          onChange={event => onAsk({ before: Number(event.target.value) })}
        >
          {[...others].reverse().map(each => (
            <option key={each.version} value={each.version}>
              {trans.__('Version %1', each.version)}
            </option>
          ))}
        </select>
      </label>
      <label>
        {trans.__('Rows are told by')}{' '}
        <select className="tb-Choice" value={asked.by} onChange={event => onAsk({ by: event.target.value as By })}>
          <option value="content">{trans.__('what is in them')}</option>
          <option value="position">{trans.__('their position')}</option>
          <option value="key">{trans.__('a key')}</option>
        </select>
      </label>
      {asked.by === 'key' && (
        <input
          className="tb-Input"
          defaultValue={asked.key}
          placeholder={trans.__('Columns, such as id')}
          aria-label={trans.__('Columns of the key, separated by commas')}
          onBlur={event => onAsk({ key: event.target.value.trim() })}
          onKeyDown={event => event.key === 'Enter' && onAsk({ key: event.currentTarget.value.trim() })}
        />
      )}
    </div>
  );
}

function Difference({
  context,
  at,
  version,
  asked
}: {
  context: IContext;
  at: string;
  version: IVersion;
  asked: IAsked;
}): JSX.Element {
  const { trans } = context;
  const lacksKey = asked.by === 'key' && asked.key === '';
  const how = asked.by === 'key' ? { key: asked.key } : { by: asked.by };
  const answer = useAnswer<ITableDiff>(
    context,
    datasetPath(version.name, 'diff'),
    { at, before: asked.before, after: version.version, ...how },
    { isLive: false, isWanted: !lacksKey }
  );
  if (lacksKey) {
    return <Message>{trans.__('Say which columns tell rows apart, then press Enter.')}</Message>;
  }
  if (answer.failure) {
    return <Failure context={context} failure={answer.failure} retry={answer.reload} />;
  }
  const diff = answer.value;
  if (diff === null || answer.isLoading) {
    return <Message isBusy>{trans.__('Comparing…')}</Message>;
  }
  if (diff.same) {
    return <Message>{trans.__('The same: nothing sets these versions apart.')}</Message>;
  }
  return (
    <>
      <Facts facts={rowFacts(context, diff)} />
      {diff.columns.length > 0 && <ColumnChanges context={context} diff={diff} />}
    </>
  );
}

function rowFacts({ trans }: IContext, diff: ITableDiff): readonly Fact[] {
  const signed = (sign: string, rows: number): string | null => (rows > 0 ? `${sign}${count(rows)}` : null);
  const changed = diff.rows_changed ?? 0;
  return [
    [trans.__('Rows'), `${count(diff.rows_before)} → ${count(diff.rows_after)}`],
    [trans.__('Added'), signed('+', diff.rows_added)],
    [trans.__('Removed'), signed('−', diff.rows_removed)],
    [
      trans.__('Changed'),
      changed > 0 ? `${count(changed)} (${share(changed, diff.rows_before - diff.rows_removed)})` : null
    ],
    [trans.__('Unchanged'), count(diff.rows_before - diff.rows_removed - changed)],
    [trans.__('New columns'), columnsText(diff.columns_added)],
    [trans.__('Gone columns'), columnsText(diff.columns_removed)],
    [trans.__('Order'), diff.order_changed ? trans.__('the columns stand in another order') : null]
  ];
}

function columnsText(columns: readonly INamedColumn[]): string {
  return columns.map(({ name, dtype }) => `${oneLine(name)} (${dtype})`).join(', ');
}

function ColumnChanges({ context: { trans }, diff }: { context: IContext; diff: ITableDiff }): JSX.Element {
  const kept = diff.rows_before - diff.rows_removed;
  return (
    <table className="tb-Grid" aria-label={trans.__('Columns that changed')}>
      <thead>
        <tr>
          <th scope="col">{trans.__('Column')}</th>
          <th scope="col">{trans.__('Type')}</th>
          <th scope="col" className="tb-mod-end">
            {trans.__('Changed')}
          </th>
          <th scope="col">{trans.__('Mean')}</th>
          <th scope="col">{trans.__('Missing')}</th>
          <th scope="col">{trans.__('Categories')}</th>
          <th scope="col">{trans.__('Examples')}</th>
        </tr>
      </thead>
      <tbody>
        {diff.columns.map(column => (
          <tr key={column.name}>
            <th scope="row">{oneLine(column.name)}</th>
            <td>{arrow(column.dtype_before, column.dtype_after)}</td>
            <td className="tb-mod-end">
              {column.changed > 0 && `${count(column.changed)} (${share(column.changed, kept)})`}
            </td>
            <td>{meanText(column)}</td>
            <td>
              {column.missing_before + column.missing_after > 0 &&
                arrow(count(column.missing_before), count(column.missing_after))}
            </td>
            <td>{categoriesText(column)}</td>
            <td>{examplesText(column)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function arrow(before: string, after: string): string {
  return before === after ? before : `${before} → ${after}`;
}

function meanText({ mean_before: before, mean_after: after }: IColumnChange): string {
  const [one, other] = [toNumber(before), toNumber(after)];
  return one === null || other === null ? '' : arrow(number(one), number(other));
}

function categoriesText({ new_categories: gained, gone_categories: gone }: IColumnChange): string {
  const told = [...gained.map(each => `+${oneLine(each)}`), ...gone.map(each => `−${oneLine(each)}`)];
  const rest = told.length - MOST_CATEGORIES;
  return told.slice(0, MOST_CATEGORIES).join(', ') + (rest > 0 ? `, … ${rest}` : '');
}

function examplesText({ examples }: IColumnChange): string {
  const told = examples.slice(0, MOST_EXAMPLES);
  return told.map(({ before, after }) => `${valueText(before)} → ${valueText(after)}`).join(', ');
}

function valueText(value: number | string | boolean | null): string {
  return value === null ? '∅' : oneLine(String(value));
}
