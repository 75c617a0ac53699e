import * as React from 'react';

import { Filter } from '../components/filter';
import { ago, moment, number, oneLine, size, toNumber } from '../components/format';
import { RowLink } from '../components/link';
import { Message } from '../components/message';
import { IColumn, Table } from '../components/table';
import { TWO_LINES_HEIGHT, TwoLines } from '../components/two_lines';
import { Unanswered } from '../components/unanswered';
import { MetricValue } from '../components/value';
import { usePlace } from '../core/answer';
import { IContext } from '../core/context';
import { IModelRow, IPublished, shortClass } from './api';
import { useModels } from './pages';

const PAUSE_MILLISECONDS = 200;
const NEAR_END = 20;
const MOST_METRICS = 3;

/** The tab Models: what runs have fitted, the newest first, found by a part of the name or the class. */
export function ModelsTab({ context }: { context: IContext }): JSX.Element {
  const at = usePlace(context);
  return <ModelsAt key={at} context={context} at={at} />;
}

function ModelsAt({ context, at }: { context: IContext; at: string }): JSX.Element {
  const { trans } = context;
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
        <Filter
          label={trans.__('Filter models by name or class')}
          placeholder={trans.__('Filter by name or class')}
          value={name}
          onChange={setName}
        />
      </div>
      {(failure || (isEmpty && isLoading)) && <Unanswered context={context} answer={{ failure, reload }} />}
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
          rowHeight={TWO_LINES_HEIGHT}
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
      width: 164,
      render: (model, { isActive }) => (
        <TwoLines
          first={
            <RowLink isReachable={isActive} title={model.class_name} onOpen={() => open(context, model, at)}>
              {oneLine(shortClass(model.class_name))}
            </RowLink>
          }
          second={[oneLine(model.run_name), ...model.published.map(versionText)].join(', ')}
        />
      )
    },
    {
      id: 'metric',
      label: trans.__('Metric'),
      width: 96,
      render: ({ metrics }) => <MainMetric metrics={metrics} />
    },
    {
      id: 'metrics',
      label: trans.__('Others'),
      width: 150,
      render: ({ metrics }) => <span title={metricsText(metrics)}>{metricsText(metrics, 1, 1 + MOST_METRICS)}</span>
    },
    { id: 'name', label: trans.__('Name'), width: 90, render: ({ name }) => oneLine(name) },
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

function MainMetric({ metrics }: Pick<IModelRow, 'metrics'>): JSX.Element {
  const [key] = telling(metrics);
  return key === undefined ? (
    <span className="tb-mod-quiet">—</span>
  ) : (
    <TwoLines first={<MetricValue value={metrics[key]} />} second={oneLine(key)} />
  );
}

function versionText({ name, version }: IPublished): string {
  return `${oneLine(name)}@${version}`;
}

/** Return metrics as one line, those on test data first, from one place in that order up to another. */
export function metricsText(metrics: IModelRow['metrics'], from = 0, to = Infinity): string {
  const told = telling(metrics)
    .slice(from, to)
    .map(key => {
      const amount = toNumber(metrics[key]);
      return `${oneLine(key)} ${amount === null ? oneLine(String(metrics[key])) : number(amount)}`;
    });
  return told.join(', ');
}

function telling(metrics: IModelRow['metrics']): readonly string[] {
  const rank = (key: string): number => (key.startsWith('test.') ? 0 : 1);
  return Object.keys(metrics).sort((one, other) => rank(one) - rank(other));
}
