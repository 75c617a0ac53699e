import { Notification } from '@jupyterlab/apputils';
import * as React from 'react';

import { Message } from '../components/message';
import { IColumn, Table } from '../components/table';
import { failureOf } from '../core/answer';
import { IContext } from '../core/context';
import { openCommand } from '../core/views';
import { IField, IRunRow } from './api';
import { changeRun } from './changes';
import { Decimals, IRowActions, metricDecimals, runColumns } from './columns';
import { COMMANDS } from './commands';
import { moved, orderField } from './fields';
import { RunsModel } from './model';
import { NoRuns } from './no_runs';
import { orderOf, withOrder } from './query';
import { IListed } from './tree';
import { IRuns } from './use_runs';

const ROW_HEIGHTS = { comfortable: 28, compact: 22 };

export interface IListProps {
  readonly context: IContext;
  readonly model: RunsModel;
  readonly at: string;
  readonly runs: IRuns;
  readonly columns: readonly string[];
  readonly fields: readonly IField[];
  readonly experiment: string;
  /** How many experiments the store has. */
  readonly experiments: number;
  /** Changes now and then, so that what tells how long ago something was is drawn anew. */
  readonly turn: number;
}

/** The table of runs, or why there are none. */
export function List(props: IListProps): JSX.Element | null {
  const { context, model, at, runs, columns, fields, experiment, experiments } = props;
  const { trans } = context;
  const { pages, listing, expand } = runs;
  const { query } = model;
  const order = orderOf(query);
  const tableColumns = useTableColumns(props);
  const open = (run: IRunRow): void => openRun(context, run, at);
  if (pages.total === null) {
    return pages.failure ? null : <Message isBusy>{trans.__('Loading …')}</Message>;
  }
  if (pages.total === 0) {
    return <NoRuns context={context} model={model} experiment={experiment} experiments={experiments} />;
  }
  const sort = order && columns.find(column => orderField(column) === order.field);
  return (
    <Table
      trans={trans}
      label={trans.__('Runs')}
      className={runs.isOld ? 'tb-mod-old' : ''}
      columns={tableColumns}
      rows={listing.rows}
      keyOf={({ run }) => run.run_id}
      selected={model.selected}
      onSelect={keys => {
        model.selected = keys;
      }}
      onOpen={({ run }) => open(run)}
      onKeyDown={event => pressed(event, context)}
      sort={sort && order ? { column: sort, isDescending: order.isDescending } : null}
      onSort={column => {
        model.query = sortedBy(query, column, fields);
      }}
      widths={model.widths}
      onResize={(column, width) => model.resize(column, width)}
      onMove={(column, to) => model.setColumns(experiment, moved(columns, column, to))}
      onShow={runs.look}
      treeOf={({ level, isExpanded }) => ({ level, isExpanded })}
      onExpand={({ run }, isExpanded) => expand(run.run_id, isExpanded)}
      rowHeight={ROW_HEIGHTS[model.density]}
      topWhen={`${at} ${experiment} ${query}`}
    />
  );
}

/** Columns that stay the same while nothing changes in them, so that rows are not drawn anew. */
function useTableColumns({ context, at, runs, columns, fields, turn }: IListProps): readonly IColumn<IListed>[] {
  const { expand, listing, refresh } = runs;
  const decimals = JSON.stringify(metricDecimals(listing.rows, columns));
  return React.useMemo(() => {
    const actions: IRowActions = {
      decimals: JSON.parse(decimals) as Decimals,
      open: run => openRun(context, run, at),
      expand,
      tag: (run, tags) => {
        changeRun(run, at, { tags }).then(refresh, error => Notification.error(failureOf(error).message));
      }
    };
    return runColumns(context.trans, columns, fields, actions);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- with each turn, what tells how long ago is drawn anew
  }, [context, at, columns, fields, decimals, expand, refresh, turn]);
}

function openRun({ commands }: IContext, run: IRunRow, at: string): void {
  void commands.execute(openCommand('run'), { run: run.run_id, at });
}

/** Keys in the list that act on what is selected. */
function pressed(event: React.KeyboardEvent, { commands }: IContext): void {
  const command = { c: COMMANDS.compare, t: COMMANDS.tag, n: COMMANDS.note }[event.key.toLowerCase()];
  if (command && !event.ctrlKey && !event.metaKey && !event.altKey && commands.isEnabled(command)) {
    event.preventDefault();
    void commands.execute(command);
  }
}

/** Return the query put in order by a column: the better or newer first, then the other way round, then as it was. */
export function sortedBy(query: string, column: string, fields: readonly IField[]): string {
  const field = orderField(column);
  if (field === null) {
    return query;
  }
  const now = orderOf(query);
  const known = fields.find(each => each.field === column);
  const startsDescending = known?.kind === 'metric' ? known.higher_is_better !== false : column === 'started_at';
  if (now?.field !== field) {
    return withOrder(query, { field, isDescending: startsDescending });
  }
  return withOrder(query, now.isDescending === startsDescending ? { field, isDescending: !startsDescending } : null);
}
