import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Json, number, oneLine, text } from '../components/format';
import { Failure, Message } from '../components/message';
import { IColumn, ISort, Table } from '../components/table';
import { MetricValue, Value } from '../components/value';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { ApiError } from '../core/request';
import { IGroup, IGrouping, IPart, IParts, IStatistics } from './api';
import { keyOf, named } from './fields';
import { fieldText, quoted } from './query';
import { groupKey, PartsOfGroup, useParts } from './use_parts';

const MOST_DECIMALS = 12;
const SLOW_MILLISECONDS = 2000;

export interface IGroupsProps {
  readonly context: IContext;
  readonly at: string;
  readonly experiment: string;
  readonly query: string;
  readonly by: string;
  /** The metrics to show; the server chooses if there are none. */
  readonly metrics: readonly string[];
  /** Show the runs of a group: those that also fulfil a condition. */
  readonly onOpen: (condition: string) => void;
}

/** A row: a value with all of its runs, or, beneath it, a part of them, or why there are none to see. */
interface IRow {
  readonly key: string;
  readonly group: IGroup;
  readonly part: IPart | null;
  readonly parts: PartsOfGroup | null;
}

/** Runs taken together by a param: mean, deviation and count of each metric. A double click lists those of a group. */
export function Groups({ context, at, experiment, query, by, metrics, onOpen }: IGroupsProps): JSX.Element {
  const { trans } = context;
  const [isLive, setLive] = React.useState(true);
  const asked = { at, experiment, query, by: named([by]), metric: named(metrics) };
  const answer = useAnswer<IGrouping>(context, 'groups', asked, { isLive });
  const began = React.useRef(0);
  React.useEffect(() => {
    if (answer.isLoading) {
      began.current = performance.now();
    } else if (performance.now() - began.current > SLOW_MILLISECONDS) {
      setLive(false); // what takes long is grouped again on demand, not with each run that comes
    }
  }, [answer.isLoading]);
  const [sort, setSort] = React.useState<ISort>({ column: 'value', isDescending: false });
  const [expanded, setExpanded] = React.useState<ReadonlySet<string>>(new Set());
  const expand = (row: IRow, isExpanded: boolean): void => setExpanded(now => toggled(now, row.key, isExpanded));
  const grouping = answer.value;
  const parts = useParts(asked, grouping, expanded);
  if (answer.failure) {
    return <Failure context={context} failure={answer.failure} retry={answer.reload} />;
  }
  if (grouping === null) {
    return <Message isBusy>{trans.__('Grouping …')}</Message>;
  }
  if (grouping.groups.length === 0) {
    const { key } = keyOf(by);
    return <Message>{trans.__('No run here has both %1 and a metric. Group by another param.', key)}</Message>;
  }
  return (
    <>
      <Table
        trans={trans}
        label={trans.__('Groups of runs')}
        columns={groupColumns(trans, grouping, expanded, expand)}
        rows={rowsOf(sorted(grouping.groups, sort), expanded, parts)}
        keyOf={row => row.key}
        sort={sort}
        onSort={column =>
          setSort(now => ({ column, isDescending: now.column === column ? !now.isDescending : column !== 'value' }))
        }
        onOpen={row => onOpen(conditionOf(row.part?.labels ?? { [grouping.by]: row.group.value }))}
        treeOf={row => ({ level: isBeneath(row) ? 2 : 1, isExpanded: isOpen(row, expanded) })}
        onExpand={expand}
      />
      <p className="tb-Runs-foot">
        {footOf(trans, grouping, [...expanded].map(key => parts.get(key)))}{' '}
        {!isLive && (
          <button className="tb-Link" onClick={answer.reload} disabled={answer.isLoading}>
            {answer.isLoading ? trans.__('Grouping …') : trans.__('Group again')}
          </button>
        )}
      </p>
    </>
  );
}

function footOf(
  trans: TranslationBundle,
  { left_out }: IGrouping,
  open: readonly (PartsOfGroup | undefined)[]
): string {
  const known = open.filter(isKnown);
  const names = [...new Set(known.flatMap(each => each.also))].map(each => keyOf(each).key).join(', ');
  return [
    trans.__('Mean ± standard deviation (count).'),
    known.length > 0 && trans.__('Parts have runs that differ in nothing but their seed, those repeated left out.'),
    names && trans.__('Parts differ in %1.', names),
    left_out > 0 && trans._n('%1 run without an end or a metric is left out.', '%1 runs left out.', left_out)
  ]
    .filter(Boolean)
    .join(' ');
}

function isKnown(parts: PartsOfGroup | null | undefined): parts is IParts {
  return parts !== null && parts !== undefined && parts !== 'asked' && !(parts instanceof ApiError);
}

function isBeneath({ part, parts }: IRow): boolean {
  return part !== null || parts !== null;
}

function isOpen(row: IRow, expanded: ReadonlySet<string>): boolean | undefined {
  return !isBeneath(row) && row.group.runs > 1 ? expanded.has(row.key) : undefined;
}

function rowsOf(
  groups: readonly IGroup[],
  expanded: ReadonlySet<string>,
  found: ReadonlyMap<string, PartsOfGroup>
): IRow[] {
  return groups.flatMap(group => {
    const key = groupKey(group.value);
    const row: IRow = { key, group, part: null, parts: null };
    return expanded.has(key) ? [row, ...rowsBeneath(row, found.get(key) ?? 'asked')] : [row];
  });
}

function rowsBeneath({ key, group }: IRow, parts: PartsOfGroup): IRow[] {
  if (!isKnown(parts)) {
    return [{ key: `${key} parts`, group, part: null, parts }];
  }
  return parts.groups.map((part, at) => ({ key: `${key} ${at} ${JSON.stringify(part.labels)}`, group, part, parts }));
}

function groupColumns(
  trans: TranslationBundle,
  { by, metrics }: IGrouping,
  expanded: ReadonlySet<string>,
  onExpand: (row: IRow, isExpanded: boolean) => void
): IColumn<IRow>[] {
  const label: IColumn<IRow> = {
    id: 'value',
    label: oneLine(keyOf(by).key),
    width: 160,
    narrowWidth: 84,
    isSortable: true,
    render: row => <Label trans={trans} row={row} isExpanded={isOpen(row, expanded)} onExpand={onExpand} />
  };
  const count: IColumn<IRow> = {
    id: 'count',
    label: trans.__('Runs'),
    width: 56,
    narrowWidth: 50,
    align: 'end',
    isSortable: true,
    render: row => told(row)?.runs
  };
  const measured = metrics.map((key): IColumn<IRow> => ({
    id: `metrics.${key}`,
    label: oneLine(key),
    width: 170,
    narrowWidth: 124,
    align: 'end',
    isSortable: true,
    render: row => told(row) && <Statistic trans={trans} found={told(row)?.statistics[key]} />
  }));
  return [label, count, ...measured];
}

/** What a row counts: a group, a part, nothing where it only says why there is no part. */
function told(row: IRow): IGroup | IPart | null {
  return isBeneath(row) ? row.part : row.group;
}

interface ILabelProps {
  readonly trans: TranslationBundle;
  readonly row: IRow;
  readonly isExpanded?: boolean;
  readonly onExpand: (row: IRow, isExpanded: boolean) => void;
}

/** The value of a group, or beneath it what tells a part from the others. */
function Label({ trans, row, isExpanded, onExpand }: ILabelProps): JSX.Element {
  if (isBeneath(row)) {
    const words = partWords(trans, row);
    return (
      <span className="tb-Runs-part" title={words.join('\n')} role={row.part ? undefined : 'status'}>
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
          aria-label={isExpanded ? trans.__('Hide its parts') : trans.__('Show its parts')}
          onClick={event => {
            event.stopPropagation();
            onExpand(row, !isExpanded);
          }}
        >
          {isExpanded ? '▾' : '▸'}
        </button>
      )}
      <Value value={row.group.value} />
    </span>
  );
}

function partWords(trans: TranslationBundle, { part, parts }: IRow): string[] {
  if (parts instanceof ApiError) {
    return [parts.message];
  }
  if (part === null || !isKnown(parts)) {
    return [trans.__('Telling its runs apart …')];
  }
  const fields = differing(parts);
  return fields.length === 0
    ? [trans.__('only the seed differs')]
    : fields.map(field => `${keyOf(field).key}=${text(part.labels[field])}`);
}

function differing({ also, groups }: IParts): readonly string[] {
  return also.filter(field => new Set(groups.map(part => JSON.stringify(part.labels[field] ?? null))).size > 1);
}

function Statistic({ trans, found }: { trans: TranslationBundle; found?: IStatistics }): JSX.Element {
  if (!found || found.mean === null) {
    return <Value value={undefined} />;
  }
  const { deviation, high, low, mean, n } = found;
  const interval =
    typeof low !== 'number' || typeof high !== 'number'
      ? undefined
      : trans.__('95 % of such means: %1 to %2', number(low), number(high));
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

function sorted(groups: readonly IGroup[], sort: ISort): readonly IGroup[] {
  const sign = sort.isDescending ? -1 : 1;
  const placed = groups.map(group => ({ group, value: sortValue(group, sort.column) }));
  placed.sort((one, other) => {
    if (one.value === null || other.value === null) {
      return Number(one.value === null) - Number(other.value === null);
    }
    return one.value < other.value ? -sign : one.value > other.value ? sign : 0;
  });
  return placed.map(each => each.group);
}

function sortValue(group: IGroup, column: string): number | string | null {
  if (column === 'value') {
    return group.value === null || typeof group.value === 'number' ? group.value : JSON.stringify(group.value);
  }
  return column === 'count' ? group.runs : (group.statistics[column.slice('metrics.'.length)]?.mean ?? null);
}
