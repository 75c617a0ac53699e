import { Notification } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import * as React from 'react';

import { Failure, Message } from '../components/message';
import { Table } from '../components/table';
import { failureOf, IAnswer, useAnswer, usePlace } from '../core/answer';
import { IContext } from '../core/context';
import { ApiError, request } from '../core/request';
import { Shown } from '../core/shown';
import { openCommand } from '../core/views';
import { IColumns, ICompletions, IField, IRunRow, IState } from './api';
import { changeRun } from './changes';
import { ColumnChooser } from './choosers';
import { alignedMetrics, runColumns } from './columns';
import { COMMANDS } from './commands';
import { askedFields, defaultColumns, moved, orderField, possibleColumns } from './fields';
import { Groups } from './groups';
import { RunsModel } from './model';
import { NoRuns } from './no_runs';
import { QueryBox } from './query_box';
import { orderOf, partsOf, pointsOf, unitsOf, withCondition, withOrder } from './query';
import { Toolbar } from './toolbar';
import { IAskCompletions } from './use_completions';
import { IRuns, useRuns } from './use_runs';

const TICK_MILLISECONDS = 20_000;

export interface IRunsTabProps {
  readonly context: IContext;
  readonly model: RunsModel;
}

/** The tab Runs. */
export function RunsTab({ context, model }: IRunsTabProps): JSX.Element {
  const at = usePlace(context);
  const state = useAnswer<IState>(context, 'state', { at });
  useModel(model);
  if (state.value === null) {
    return state.failure ? (
      <Failure context={context} failure={state.failure} retry={state.reload} />
    ) : (
      <Message isBusy>{context.trans.__('Loading …')}</Message>
    );
  }
  return <RunsOf key={at} context={context} model={model} at={at} state={state as IKnown<IState>} />;
}

type IKnown<Value> = IAnswer<Value> & { readonly value: Value };

interface IRunsOfProps extends IRunsTabProps {
  readonly at: string;
  readonly state: IKnown<IState>;
}

/** The runs of one store, of one experiment of it or of all. */
function RunsOf({ context, model, at, state }: IRunsOfProps): JSX.Element {
  const { trans } = context;
  const own = ownOf(at, state.value);
  const experiment = experimentOf(model, own);
  const { columns, fields, possible } = useColumns(context, model, at, experiment);
  const { query } = model;
  const { where, order } = partsOf(query);
  const isTree = where === '';
  const wanted = fields && { at, experiment, query, isTree, isNewestFirst: order === '' };
  const runs = useRuns(context, wanted && { ...wanted, fields: askedFields(columns, fields) });
  const [isChoosing, setChoosing] = React.useState(false);
  const input = React.useRef<HTMLInputElement>(null);
  useTick();
  React.useEffect(() => {
    model.listed = runs.listing.rows;
  }, [model, runs.listing]);
  React.useEffect(() => {
    const focus = (): void => input.current?.focus();
    model.queryWanted.connect(focus);
    return () => void model.queryWanted.disconnect(focus);
  }, [model]);
  const ask = useCompletionsOf(at, experiment);
  const failure = runs.pages.failure ?? state.failure;
  const mistake = failure !== null && isMistake(failure) ? failure : null;
  return (
    <div className="tb-Runs" data-density={model.density}>
      <Toolbar
        context={context}
        model={model}
        own={own}
        experiments={state.value.experiments}
        fields={fields ?? []}
        total={runs.pages.total}
        isChoosing={isChoosing}
        onChoosing={() => setChoosing(!isChoosing)}
      />
      <QueryBox
        context={context}
        query={query}
        onQuery={text => {
          model.query = text;
          runs.refresh();
        }}
        ask={ask}
        mistake={mistake}
        input={input}
      />
      {isChoosing && (
        <ColumnChooser
          trans={trans}
          possible={possible}
          columns={columns}
          onColumns={chosen => model.setColumns(experiment, chosen)}
          onClose={() => setChoosing(false)}
        />
      )}
      {failure !== null && mistake === null && <Failure context={context} failure={failure} retry={runs.refresh} />}
      {model.group === '' ? (
        <List context={context} model={model} at={at} runs={runs} columns={columns} fields={fields ?? []}>
          {{ experiment, experiments: state.value.experiments.length }}
        </List>
      ) : (
        <Groups
          context={context}
          at={at}
          experiment={experiment}
          query={where}
          by={model.group}
          onOpen={condition => {
            model.query = withCondition(query, condition);
            model.group = '';
          }}
        />
      )}
    </div>
  );
}

interface IListProps extends IRunsTabProps {
  readonly at: string;
  readonly runs: IRuns;
  readonly columns: readonly string[];
  readonly fields: readonly IField[];
  readonly children: { readonly experiment: string; readonly experiments: number };
}

function List({ context, model, at, runs, columns, fields, children }: IListProps): JSX.Element | null {
  const { commands, trans } = context;
  const { experiment } = children;
  const { pages, listing, expand } = runs;
  const { query } = model;
  const order = orderOf(query);
  const open = (run: IRunRow): void => void commands.execute(openCommand('run'), { run: run.run_id, at });
  const tag = (run: IRunRow, tags: Readonly<Record<string, string | null>>): void => {
    changeRun(run, at, { tags }).then(runs.refresh, error => Notification.error(failureOf(error).message));
  };
  const numbers = React.useMemo(() => alignedMetrics(listing.rows, columns), [listing.rows, columns]);
  if (pages.failure && isMistake(pages.failure)) {
    return null;
  }
  if (pages.total === null) {
    return pages.failure ? null : <Message isBusy>{trans.__('Loading …')}</Message>;
  }
  if (pages.total === 0) {
    return <NoRuns context={context} model={model} experiment={experiment} experiments={children.experiments} />;
  }
  const sort = order && columns.find(column => orderField(column) === order.field);
  return (
    <Table
      trans={trans}
      label={trans.__('Runs')}
      className={runs.isOld ? 'tb-mod-old' : ''}
      columns={runColumns(trans, columns, fields, { open, expand, tag, numbers })}
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
      rowHeight={model.density === 'compact' ? 22 : 28}
      topWhen={`${at} ${experiment} ${query}`}
    />
  );
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

function useColumns(
  context: IContext,
  model: RunsModel,
  at: string,
  experiment: string
): { columns: readonly string[]; fields: readonly IField[] | null; possible: readonly string[] } {
  const answer = useAnswer<IColumns>(context, 'columns', { at, experiment });
  const fields = answer.value?.columns ?? (answer.failure ? [] : null);
  const chosen = model.columns(experiment);
  const key = JSON.stringify([fields, chosen, model.defaultColumns]);
  return React.useMemo(() => {
    const columns = chosen ?? defaultColumns(model.defaultColumns, fields ?? []);
    return { columns, fields, possible: possibleColumns(fields ?? []) };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for what is used
  }, [key]);
}

function useCompletionsOf(at: string, experiment: string): IAskCompletions {
  return React.useCallback<IAskCompletions>(
    async (query, position, signal) => {
      const asked = { at, experiment, query, position: pointsOf(query, position) };
      const found = await request<ICompletions>('completions', asked, { signal });
      return { ...found, from: unitsOf(query, found.from), to: unitsOf(query, found.to) };
    },
    [at, experiment]
  );
}

function useModel(model: RunsModel): void {
  const [, draw] = React.useReducer((turn: number) => turn + 1, 0);
  React.useEffect(() => {
    model.changed.connect(draw);
    return () => void model.changed.disconnect(draw);
  }, [model]);
}

/** Draw now and then while shown, so that "just now" doesn't stay. */
function useTick(): void {
  const isShown = React.useContext(Shown);
  const [, draw] = React.useReducer((turn: number) => turn + 1, 0);
  React.useEffect(() => {
    if (isShown) {
      const timer = window.setInterval(draw, TICK_MILLISECONDS);
      return () => window.clearInterval(timer);
    }
  }, [isShown]);
}

/** The current notebook's experiment, null where none is open; one that was never tracked will have its name. */
function ownOf(at: string, { experiment }: IState): string | null {
  return PathExt.extname(at) === '.ipynb' ? (experiment ?? PathExt.basename(at, '.ipynb')) : null;
}

function experimentOf({ choice }: RunsModel, own: string | null): string {
  if (choice.kind === 'named') {
    return choice.name;
  }
  return choice.kind === 'all' ? '' : (own ?? '');
}

function isMistake(failure: ApiError): boolean {
  return failure.kind === 'QueryError' || failure.position !== null;
}
