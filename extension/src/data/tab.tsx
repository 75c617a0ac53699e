import * as React from 'react';

import { count } from '../components/count';
import { Filter } from '../components/filter';
import { ago, oneLine, size } from '../components/format';
import { RowLink } from '../components/link';
import { Failure, Message } from '../components/message';
import { IColumn, Table } from '../components/table';
import { TWO_LINES_HEIGHT, TwoLines } from '../components/two_lines';
import { Unanswered } from '../components/unanswered';
import { useAnswer, usePlace } from '../core/answer';
import { IContext } from '../core/context';
import { IDataset, IDatasets, IVersion } from './api';

/** The tab Data: the datasets of the store, the newest first; a double click opens one. */
export function DataTab({ context }: { context: IContext }): JSX.Element {
  const at = usePlace(context);
  return <DataAt key={at} context={context} at={at} />;
}

function DataAt({ context, at }: { context: IContext; at: string }): JSX.Element {
  const { trans } = context;
  const answer = useAnswer<IDatasets>(context, 'datasets', { at });
  const [part, setPart] = React.useState('');
  const found = React.useMemo(() => matching(answer.value?.datasets ?? [], part), [answer.value, part]);
  const columns = React.useMemo(() => columnsOf(context, at), [context, at]);
  if (answer.value === null) {
    return <Unanswered context={context} answer={answer} />;
  }
  if (answer.value.datasets.length === 0) {
    return (
      <Message>
        <p>{trans.__('No table has a name yet. Give one a name in a cell; each state of it is kept as a version:')}</p>
        <code>%track data df --name customers</code>
      </Message>
    );
  }
  return (
    <>
      <div className="tb-Bar">
        <Filter
          label={trans.__('Filter datasets by name')}
          placeholder={trans.__('Filter by name')}
          value={part}
          onChange={setPart}
        />
      </div>
      {answer.failure && <Failure context={context} failure={answer.failure} retry={answer.reload} />}
      {found.length === 0 ? (
        <Message>{trans.__('No dataset’s name has “%1” in it.', part)}</Message>
      ) : (
        <Table
          trans={trans}
          label={trans.__('Datasets')}
          columns={columns}
          rows={found}
          keyOf={dataset => dataset.name}
          rowHeight={TWO_LINES_HEIGHT}
          onOpen={dataset => open(context, dataset, at)}
        />
      )}
    </>
  );
}

function open({ commands }: IContext, { name }: IDataset, at: string): void {
  void commands.execute('trackbook:open-dataset', { name, at });
}

function matching(datasets: readonly IDataset[], part: string): readonly IDataset[] {
  const wanted = part.trim().toLowerCase();
  const found = datasets.filter(dataset => dataset.name.toLowerCase().includes(wanted));
  return found.sort((one, other) => latest(other).made_at.localeCompare(latest(one).made_at));
}

/** Return the newest version of a dataset. */
export function latest({ versions }: IDataset): IVersion {
  return versions[versions.length - 1];
}

function columnsOf(context: IContext, at: string): readonly IColumn<IDataset>[] {
  const { trans } = context;
  return [
    {
      id: 'name',
      label: trans.__('Dataset'),
      width: 166,
      render: (dataset, { isActive }) => (
        <TwoLines
          first={
            <RowLink isReachable={isActive} title={oneLine(dataset.name)} onOpen={() => open(context, dataset, at)}>
              {oneLine(dataset.name)}
            </RowLink>
          }
          second={trans.__('version %1, %2', dataset.latest, ago(trans, latest(dataset).made_at))}
        />
      )
    },
    {
      id: 'rows',
      label: trans.__('Rows'),
      width: 94,
      render: each => <TwoLines first={counted(latest(each).rows)} second={columnsText(context, latest(each))} />
    },
    { id: 'runs', label: trans.__('Used by'), width: 84, align: 'end', render: ({ runs }) => runsText(context, runs) },
    { id: 'size', label: trans.__('Kept'), width: 74, align: 'end', render: each => size(each.stored_bytes) }
  ];
}

function counted(things: number | null): string {
  return things === null ? '—' : count(things);
}

function columnsText({ trans }: IContext, { columns, kind }: IVersion): string {
  return columns === null ? oneLine(kind) : trans._n('%1 column', '%1 columns', columns);
}

function runsText({ trans }: IContext, runs: number): string {
  return runs === 0 ? '—' : trans._n('%1 run', '%1 runs', runs);
}
