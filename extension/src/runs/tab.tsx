import { PathExt } from '@jupyterlab/coreutils';
import * as React from 'react';

import { Failure, Message } from '../components/message';
import { IAnswer, useAnswer, usePlace } from '../core/answer';
import { IContext } from '../core/context';
import { ApiError, request } from '../core/request';
import { Shown } from '../core/shown';
import { ICompletions, IField, IState } from './api';
import { ColumnChooser } from './choosers';
import { askedFields, keyOf } from './fields';
import { Groups } from './groups';
import { List } from './list';
import { RunsModel } from './model';
import { NoStore } from './no_runs';
import { partsOf, pointsOf, unitsOf, withCondition } from './query';
import { QueryBox } from './query_box';
import { Toolbar } from './toolbar';
import { useColumns } from './use_columns';
import { IAskCompletions } from './use_completions';
import { useRuns } from './use_runs';

const TICK_MILLISECONDS = 20_000;

export interface IRunsTabProps {
  readonly context: IContext;
  readonly model: RunsModel;
}

/** The tab Runs. */
export function RunsTab({ context, model }: IRunsTabProps): JSX.Element {
  const at = usePlace(context);
  return <RunsAt key={at} context={context} model={model} at={at} />;
}

/** The runs of the store that belongs to a notebook or folder, if there is one. */
function RunsAt({ context, model, at }: IRunsTabProps & { readonly at: string }): JSX.Element {
  const state = useAnswer<IState>(context, 'state', { at });
  useModel(model);
  const { failure, reload, value } = state;
  if (failure !== null && isNoStore(failure)) {
    return <NoStore context={context} look={reload} />;
  }
  if (value === null && failure !== null) {
    return <Failure context={context} failure={failure} retry={reload} />;
  }
  const own = ownOf(at, value?.experiment ?? null);
  return <RunsOf key={own} context={context} model={model} at={at} state={state} own={own} />;
}

interface IRunsOfProps extends IRunsTabProps {
  readonly at: string;
  /** Of a store that is not known yet, columns and runs are asked for already. */
  readonly state: IAnswer<IState>;
  /** The experiment of the current notebook, null where none is open. */
  readonly own: string | null;
}

/** The runs of one store, of one experiment of it or of all. */
function RunsOf({ context, model, at, state, own }: IRunsOfProps): JSX.Element {
  const { trans } = context;
  const experiment = experimentOf(model, own);
  const { columns, fields, possible } = useColumns(context, model, at, experiment);
  const { query } = model;
  const { where, order } = partsOf(query);
  const isTree = where === '';
  const wanted = { at, experiment, query, isTree, isNewestFirst: order === '' };
  const runs = useRuns(context, { ...wanted, fields: fields && askedFields(columns) });
  const [isChoosing, setChoosing] = React.useState(false);
  const input = React.useRef<HTMLInputElement>(null);
  const turn = useTurn();
  React.useEffect(() => {
    model.listed = runs.listing.rows;
  }, [model, runs.listing]);
  React.useEffect(() => {
    const focus = (): void => input.current?.focus();
    model.queryWanted.connect(focus);
    return () => void model.queryWanted.disconnect(focus);
  }, [model]);
  const ask = useCompletionsOf(at, experiment);
  if (state.value === null || fields === null) {
    return <Message isBusy>{trans.__('Loading …')}</Message>;
  }
  const failure = runs.pages.failure ?? state.failure;
  const mistake = failure !== null && isMistake(failure) ? failure : null;
  return (
    <div className="tb-Runs" data-density={model.density}>
      <Toolbar
        context={context}
        model={model}
        own={own}
        experiments={state.value.experiments}
        fields={fields}
        total={runs.pages.total}
        isChoosing={isChoosing}
        onChoosing={() => setChoosing(!isChoosing)}
      />
      <QueryBox
        context={context}
        query={query}
        onQuery={text => {
          if (text.trim() === query) {
            runs.refresh();
          }
          model.query = text;
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
      {mistake === null && model.group === '' && (
        <List
          context={context}
          model={model}
          at={at}
          runs={runs}
          columns={columns}
          fields={fields}
          experiment={experiment}
          experiments={state.value.experiments.length}
          turn={turn}
        />
      )}
      {mistake === null && model.group !== '' && (
        <Groups
          context={context}
          at={at}
          experiment={experiment}
          query={where}
          by={model.group}
          metrics={shownMetrics(columns, fields)}
          onOpen={condition => {
            model.query = withCondition(query, condition);
            model.group = '';
          }}
        />
      )}
    </div>
  );
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
function useTurn(): number {
  const isShown = React.useContext(Shown);
  const [turn, draw] = React.useReducer((last: number) => last + 1, 0);
  React.useEffect(() => {
    if (isShown) {
      const timer = window.setInterval(draw, TICK_MILLISECONDS);
      return () => window.clearInterval(timer);
    }
  }, [isShown]);
  return turn;
}

/** The current notebook's experiment, null where none is open; until another one is known, it has its name. */
function ownOf(at: string, experiment: string | null): string | null {
  return PathExt.extname(at) === '.ipynb' ? (experiment ?? PathExt.basename(at, '.ipynb')) : null;
}

function experimentOf({ choice }: RunsModel, own: string | null): string {
  if (choice.kind === 'named') {
    return choice.name;
  }
  return choice.kind === 'all' ? '' : (own ?? '');
}

/** The keys of the metrics among some columns, of those that there still are. */
function shownMetrics(columns: readonly string[], fields: readonly IField[]): readonly string[] {
  const known = new Set(fields.map(each => each.field));
  return columns.flatMap(each => (keyOf(each).scope === 'metrics' && known.has(each) ? keyOf(each).key : []));
}

function isNoStore({ kind, status }: ApiError): boolean {
  return status === 404 && kind !== 'NoServer';
}

function isMistake({ kind, position }: ApiError): boolean {
  return kind === 'QueryError' || position !== null;
}
