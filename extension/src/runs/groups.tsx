import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Json, number, oneLine, text } from '../components/format';
import { Failure, Message } from '../components/message';
import { IColumn, ISort, Table } from '../components/table';
import { MetricValue, Value } from '../components/value';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IGroup, IGrouping, IStatistics } from './api';
import { keyOf } from './fields';
import { IPool, pooled } from './pooled';
import { fieldText, quoted } from './query';

const MOST_DECIMALS = 12;
const SLOW_MILLISECONDS = 2000;

export interface IGroupsProps {
  readonly context: IContext;
  readonly at: string;
  readonly experiment: string;
  readonly query: string;
  readonly by: string;
  /** Show the runs of a group: those that also fulfil a condition. */
  readonly onOpen: (condition: string) => void;
}

/** A row: a value with all of its runs, or, beneath it, those of them that differ in nothing but their seed. */
interface IRow {
  readonly key: string;
  readonly pool: IPool;
  readonly part: IGroup | null;
}

/** Runs taken together by a param: mean, deviation and count of each metric. A double click lists those of a group. */
export function Groups({ context, at, experiment, query, by, onOpen }: IGroupsProps): JSX.Element {
  const { trans } = context;
  const [isLive, setLive] = React.useState(true);
  const answer = useAnswer<IGrouping>(context, 'groups', { at, experiment, query, by }, { isLive });
  const began = React.useRef(0);
  React.useEffect(() => {
    if (answer.isLoading) {
      began.current = performance.now();
    } else if (performance.now() - began.current > SLOW_MILLISECONDS) {
      setLive(false); // thousands of runs are grouped again on demand, not with each one that comes
    }
  }, [answer.isLoading]);
  const [sort, setSort] = React.useState<ISort>({ column: 'value', isDescending: false });
  const [expanded, setExpanded] = React.useState<ReadonlySet<string>>(new Set());
  const expand = (row: IRow, isExpanded: boolean): void => setExpanded(now => toggled(now, row.key, isExpanded));
  const grouping = answer.value;
  const pools = React.useMemo(() => (grouping ? pooled(grouping) : []), [grouping]);
  if (answer.failure) {
    return <Failure context={context} failure={answer.failure} retry={answer.reload} />;
  }
  if (grouping === null) {
    return <Message isBusy>{trans.__('Grouping …')}</Message>;
  }
  if (pools.length === 0) {
    const { key } = keyOf(by);
    return <Message>{trans.__('No run here has both %1 and a metric. Group by another param.', key)}</Message>;
  }
  return (
    <>
      <Table
        trans={trans}
        label={trans.__('Groups of runs')}
        columns={groupColumns(trans, grouping, expanded, expand)}
        rows={rowsOf(sorted(pools, sort), expanded)}
        keyOf={row => row.key}
        sort={sort}
        onSort={column =>
          setSort(now => ({ column, isDescending: now.column === column ? !now.isDescending : column !== 'value' }))
        }
        onOpen={row => onOpen(conditionOf(row.part?.labels ?? { [grouping.by[0]]: row.pool.value }))}
        treeOf={row => ({ level: row.part ? 2 : 1, isExpanded: isOpen(row, expanded) })}
        onExpand={expand}
      />
      <p className="tb-Runs-foot">
        {footOf(trans, grouping)}{' '}
        {!isLive && (
          <button className="tb-Link" onClick={answer.reload} disabled={answer.isLoading}>
            {answer.isLoading ? trans.__('Grouping …') : trans.__('Group again')}
          </button>
        )}
      </p>
    </>
  );
}

function footOf(trans: TranslationBundle, { also, left_out }: IGrouping): string {
  const names = also.map(each => keyOf(each).key).join(', ');
  return [
    trans.__('Mean ± standard deviation (count).'),
    names && trans.__('Runs of a group also differ in %1; the right arrow shows them apart.', names),
    left_out > 0 && trans._n('%1 run without an end or a metric is left out.', '%1 runs left out.', left_out)
  ]
    .filter(Boolean)
    .join(' ');
}

function isOpen({ key, part, pool }: IRow, expanded: ReadonlySet<string>): boolean | undefined {
  return part === null && pool.parts.length > 1 ? expanded.has(key) : undefined;
}

function rowsOf(pools: readonly IPool[], expanded: ReadonlySet<string>): IRow[] {
  return pools.flatMap(pool => {
    const parts = expanded.has(pool.key) ? pool.parts : [];
    const beneath = parts.map(part => ({ key: JSON.stringify(part.labels), pool, part }));
    return [{ key: pool.key, pool, part: null }, ...beneath];
  });
}

function groupColumns(
  trans: TranslationBundle,
  { also, by, metrics }: IGrouping,
  expanded: ReadonlySet<string>,
  onExpand: (row: IRow, isExpanded: boolean) => void
): IColumn<IRow>[] {
  const label: IColumn<IRow> = {
    id: 'value',
    label: oneLine(keyOf(by[0]).key),
    width: 160,
    narrowWidth: 84,
    isSortable: true,
    render: row => <Label trans={trans} row={row} also={also} isExpanded={isOpen(row, expanded)} onExpand={onExpand} />
  };
  const count: IColumn<IRow> = {
    id: 'count',
    label: trans.__('Runs'),
    width: 56,
    narrowWidth: 50,
    align: 'end',
    isSortable: true,
    render: ({ part, pool }) => (part ?? pool).runs
  };
  const measured = metrics.map((key): IColumn<IRow> => ({
    id: `metrics.${key}`,
    label: oneLine(key),
    width: 170,
    narrowWidth: 124,
    align: 'end',
    isSortable: true,
    render: ({ part, pool }) => <Statistic trans={trans} found={(part ?? pool).statistics[key]} />
  }));
  return [label, count, ...measured];
}

interface ILabelProps {
  readonly trans: TranslationBundle;
  readonly row: IRow;
  readonly also: readonly string[];
  readonly isExpanded?: boolean;
  readonly onExpand: (row: IRow, isExpanded: boolean) => void;
}

/** The value of a group, or beneath it what tells a part from the others. */
function Label({ trans, row, also, isExpanded, onExpand }: ILabelProps): JSX.Element {
  const { part, pool } = row;
  if (part !== null) {
    const words = differing(pool, also).map(field => `${keyOf(field).key}=${text(part.labels[field])}`);
    return (
      <span className="tb-Runs-part" title={words.join('\n')}>
        {words.join(', ')}
      </span>
    );
  }
  return (
    <span className="tb-Runs-name">
      {isExpanded === undefined ? (
        <span className="tb-Runs-twisty" />
      ) : (
        <button
          className="tb-Runs-twisty"
          tabIndex={-1}
          aria-label={isExpanded ? trans.__('Hide its parts') : trans.__('Show its %1 parts', pool.parts.length)}
          onClick={event => {
            event.stopPropagation();
            onExpand(row, !isExpanded);
          }}
        >
          {isExpanded ? '▾' : '▸'}
        </button>
      )}
      <Value value={pool.value} />
    </span>
  );
}

function differing({ parts }: IPool, also: readonly string[]): readonly string[] {
  return also.filter(field => new Set(parts.map(part => JSON.stringify(part.labels[field] ?? null))).size > 1);
}

function Statistic({ trans, found }: { trans: TranslationBundle; found?: IStatistics }): JSX.Element {
  if (!found || found.mean === null) {
    return <Value value={undefined} />;
  }
  const { deviation, high, low, mean, n } = found;
  const interval =
    low === null || high === null ? undefined : trans.__('95 % of such means: %1 to %2', number(low), number(high));
  return (
    <span title={interval}>
      <MetricValue value={mean} shown={deviation ? mean.toFixed(decimalsOf(deviation)) : undefined} />
      {deviation !== null && (
        <span className="tb-mod-quiet"> ± {deviation ? deviation.toFixed(decimalsOf(deviation)) : 0}</span>
      )}
      <span className="tb-mod-quiet"> ({n})</span>
    </span>
  );
}

/** A deviation is told in two digits, and its mean as exactly. */
function decimalsOf(deviation: number): number {
  return Math.max(0, Math.min(MOST_DECIMALS, 1 - Math.floor(Math.log10(deviation))));
}

/** Return the condition that the runs of a group fulfil, as far as a query can say it: of code and data it can't. */
export function conditionOf(labels: Readonly<Record<string, Json>>): string {
  const sayable = Object.entries(labels).filter(([field]) => field !== 'code' && field !== 'data');
  const conditions = sayable.map(([field, value]) => {
    const { key, scope } = keyOf(field);
    const name = scope === 'run' ? key : fieldText(scope, key);
    return value === null ? `${name} is null` : `${name} = ${valueText(value)}`;
  });
  return conditions.join(' and ');
}

function valueText(value: Json): string {
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

function toggled(keys: ReadonlySet<string>, key: string, isIn: boolean): ReadonlySet<string> {
  const others = [...keys].filter(each => each !== key);
  return new Set(isIn ? [...others, key] : others);
}

function sorted(pools: readonly IPool[], sort: ISort): readonly IPool[] {
  const sign = sort.isDescending ? -1 : 1;
  const placed = pools.map(pool => ({ pool, value: sortValue(pool, sort.column) }));
  placed.sort((one, other) => {
    if (one.value === null || other.value === null) {
      return Number(one.value === null) - Number(other.value === null);
    }
    return one.value < other.value ? -sign : one.value > other.value ? sign : 0;
  });
  return placed.map(each => each.pool);
}

function sortValue(pool: IPool, column: string): number | string | null {
  if (column === 'value') {
    return pool.value === null || typeof pool.value === 'number' ? pool.value : JSON.stringify(pool.value);
  }
  return column === 'count' ? pool.runs : (pool.statistics[column.slice('metrics.'.length)]?.mean ?? null);
}
