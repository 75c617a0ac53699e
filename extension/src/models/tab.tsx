import * as React from 'react';

import { ago, moment, number, oneLine, size, toNumber } from '../components/format';
import { RowLink } from '../components/link';
import { Failure, Message } from '../components/message';
import { IColumn, Table } from '../components/table';
import { usePlace } from '../core/answer';
import { IContext } from '../core/context';
import { IModelRow, shortClass } from './api';
import { useModels } from './pages';

const PAUSE_MILLISECONDS = 200;
const NEAR_END = 20;
const MOST_METRICS = 3;

/** The tab Models: what runs have fitted, the newest first, found by a part of the name or the class. */
export function ModelsTab({ context }: { context: IContext }): JSX.Element {
  const { trans } = context;
  const at = usePlace(context);
  const [name, setName] = React.useState('');
  const { models, failure, isLoading, isWhole, loadMore, reload } = useModels(context, at, useSettled(name.trim()));
  const columns = React.useMemo(() => columnsOf(context, at), [context, at]);
  const show = React.useCallback(
    (_: number, end: number) => {
      if (end + NEAR_END > models.length && !isWhole) {
        loadMore();
      }
    },
    [models.length, isWhole, loadMore]
  );
  const isEmpty = models.length === 0;
  return (
    <>
      <div className="tb-Bar">
        <input
          type="search"
          className="tb-Input"
          value={name}
          placeholder={trans.__('Filter by name or class')}
          aria-label={trans.__('Filter models by name or class')}
          onChange={event => setName(event.target.value)}
        />
      </div>
      {failure && <Failure context={context} failure={failure} retry={reload} />}
      {isEmpty && isLoading && <Message isBusy>{trans.__('Loading…')}</Message>}
      {isEmpty && !isLoading && !failure && <Nothing context={context} name={name.trim()} />}
      {!isEmpty && (
        <Table
          trans={trans}
          label={trans.__('Models')}
          columns={columns}
          rows={models}
          keyOf={({ model_id: id, run_id: run }) => `${run} ${id}`}
          onOpen={model => open(context, model, at)}
          onShow={show}
        />
      )}
    </>
  );
}

function Nothing({ context: { trans }, name }: { context: IContext; name: string }): JSX.Element {
  if (name !== '') {
    return <Message>{trans.__('No model has “%1” in its name or class.', name)}</Message>;
  }
  return (
    <Message>
      {trans.__('No run has fitted a model yet. Fit one in a tracked notebook, and it is listed here with its run.')}
    </Message>
  );
}

/** Return a text once it has not changed for a moment. */
function useSettled(text: string): string {
  const [settled, setSettled] = React.useState(text);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), PAUSE_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return settled;
}

function open({ commands }: IContext, { model_id: model, run_id: run }: IModelRow, at: string): void {
  void commands.execute('trackbook:open-model', { run, model, at });
}

function columnsOf(context: IContext, at: string): readonly IColumn<IModelRow>[] {
  const { trans } = context;
  return [
    {
      id: 'class',
      label: trans.__('Model'),
      width: 170,
      render: (model, { isActive }) => (
        <RowLink isReachable={isActive} title={model.class_name} onOpen={() => open(context, model, at)}>
          {oneLine(shortClass(model.class_name))}
        </RowLink>
      )
    },
    {
      id: 'metrics',
      label: trans.__('Metrics'),
      width: 150,
      render: ({ metrics }) => <span title={metricsText(metrics)}>{metricsText(metrics, MOST_METRICS)}</span>
    },
    {
      id: 'published',
      label: trans.__('Published'),
      width: 100,
      render: ({ published }) => published.map(each => `${oneLine(each.name)}@${each.version}`).join(', ') || '—'
    },
    { id: 'name', label: trans.__('Name'), width: 90, render: ({ name }) => oneLine(name) },
    { id: 'run', label: trans.__('Run'), width: 110, render: each => oneLine(each.run_name) },
    { id: 'experiment', label: trans.__('Experiment'), width: 110, render: each => oneLine(each.experiment) },
    {
      id: 'when',
      label: trans.__('When'),
      width: 90,
      render: each => <span title={moment(each.started_at)}>{ago(trans, each.started_at)}</span>
    },
    {
      id: 'size',
      label: trans.__('Size'),
      width: 74,
      align: 'end',
      render: each => (each.size === null ? trans.__('not kept') : size(each.size))
    }
  ];
}

/** Return metrics as one line, those on test data first. */
export function metricsText(metrics: IModelRow['metrics'], most = Infinity): string {
  const keys = Object.keys(metrics).sort((one, other) => rank(one) - rank(other));
  const told = keys.slice(0, most).map(key => {
    const amount = toNumber(metrics[key]);
    return `${oneLine(key)} ${amount === null ? oneLine(String(metrics[key])) : number(amount)}`;
  });
  return told.join(', ');
}

function rank(key: string): number {
  return key.startsWith('test.') ? 0 : 1;
}
