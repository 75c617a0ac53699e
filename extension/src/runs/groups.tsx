import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Json, number, oneLine } from '../components/format';
import { Failure, Message } from '../components/message';
import { IColumn, ISort, Table } from '../components/table';
import { MetricValue, Value } from '../components/value';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IGroup, IGrouping } from './api';
import { keyOf } from './fields';
import { fieldText, quoted } from './query';

export interface IGroupsProps {
  readonly context: IContext;
  readonly at: string;
  readonly experiment: string;
  readonly query: string;
  readonly by: string;
  /** Show the runs of a group: those that also fulfil a condition. */
  readonly onOpen: (condition: string) => void;
}

/** Runs taken together by a param: mean, deviation and count of each metric. A double click lists those of a group. */
export function Groups({ context, at, experiment, query, by, onOpen }: IGroupsProps): JSX.Element {
  const { trans } = context;
  const answer = useAnswer<IGrouping>(context, 'groups', { at, experiment, query, by });
  const [sort, setSort] = React.useState<ISort | null>(null);
  const grouping = answer.value;
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
        columns={groupColumns(trans, grouping)}
        rows={sorted(grouping.groups, sort)}
        keyOf={group => JSON.stringify(group.labels)}
        sort={sort}
        onSort={column => setSort(now => ({ column, isDescending: now?.column === column ? !now.isDescending : true }))}
        onOpen={group => onOpen(conditionOf(group))}
      />
      <p className="tb-Runs-foot">
        {trans.__('Mean ± standard deviation (runs that have it).')}
        {grouping.left_out > 0 && ` ${trans._n('%1 run left out.', '%1 runs left out.', grouping.left_out)}`}
      </p>
    </>
  );
}

function groupColumns(trans: TranslationBundle, grouping: IGrouping): IColumn<IGroup>[] {
  const labels = grouping.by.map(field => ({
    id: field,
    label: oneLine(keyOf(field).key),
    width: 130,
    isSortable: true,
    render: (group: IGroup) => <Value value={group.labels[field]} />
  }));
  const count = {
    id: 'count',
    label: trans.__('Runs'),
    width: 60,
    align: 'end' as const,
    isSortable: true,
    render: (group: IGroup) => group.run_ids.length
  };
  const metrics = grouping.metrics.map(key => ({
    id: `metrics.${key}`,
    label: oneLine(key),
    width: 170,
    align: 'end' as const,
    isSortable: true,
    render: (group: IGroup) => <Statistic trans={trans} group={group} metric={key} />
  }));
  return [...labels, count, ...metrics];
}

interface IStatisticProps {
  readonly trans: TranslationBundle;
  readonly group: IGroup;
  readonly metric: string;
}

function Statistic({ trans, group, metric }: IStatisticProps): JSX.Element {
  const found = group.statistics[metric];
  if (!found || found.mean === null) {
    return <Value value={undefined} />;
  }
  const { deviation, high, low, mean, n } = found;
  const interval =
    low === null || high === null ? undefined : trans.__('95 % of such means: %1 to %2', number(low), number(high));
  return (
    <span title={interval}>
      <MetricValue value={mean} />
      {deviation !== null && <span className="tb-mod-quiet"> ± {Number(deviation.toPrecision(2))}</span>}
      <span className="tb-mod-quiet"> ({n})</span>
    </span>
  );
}

/** Return the condition that the runs of a group fulfil. */
export function conditionOf({ labels }: IGroup): string {
  const conditions = Object.entries(labels).map(([field, value]) => {
    const { key, scope } = keyOf(field);
    const name = scope === 'run' ? key : fieldText(scope, key);
    return value === null ? `${name} is null` : `${name} = ${valueText(value)}`;
  });
  return conditions.join(' and ');
}

function valueText(value: Json): string {
  return typeof value === 'string' ? quoted(value) : JSON.stringify(value);
}

function sorted(groups: readonly IGroup[], sort: ISort | null): readonly IGroup[] {
  if (sort === null) {
    return groups;
  }
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
  if (column === 'count') {
    return group.run_ids.length;
  }
  if (column in group.labels) {
    const value = group.labels[column];
    return typeof value === 'number' ? value : JSON.stringify(value);
  }
  return group.statistics[column.slice('metrics.'.length)]?.mean ?? null;
}
