import * as React from 'react';

import { count } from '../components/count';
import { ago, moment, oneLine, size } from '../components/format';
import { RowLink } from '../components/link';
import { Message } from '../components/message';
import { IColumn, Table } from '../components/table';
import { IContext } from '../core/context';
import { IDataset, IShownVersion, IUsingRun, IVersion } from './api';

const ROW_HEIGHT = 26;

/** The versions of a dataset, the newest first, and what each took; a double click shows one. */
export function Versions({
  context,
  dataset,
  shown,
  onChoose
}: {
  context: IContext;
  dataset: IDataset;
  shown: IVersion;
  onChoose: (version: number) => void;
}): JSX.Element {
  const { trans } = context;
  const newest = React.useMemo(() => [...dataset.versions].reverse(), [dataset]);
  const columns = React.useMemo(() => versionColumns(context, dataset), [context, dataset]);
  return (
    <Table
      trans={trans}
      label={trans.__('Versions of %1', dataset.name)}
      columns={columns}
      rows={newest}
      rowHeight={ROW_HEIGHT}
      keyOf={version => String(version.version)}
      selected={new Set([String(shown.version)])}
      onSelect={keys => {
        const [key] = keys;
        if (key !== undefined) {
          onChoose(Number(key));
        }
      }}
      onOpen={version => onChoose(version.version)}
    />
  );
}

function versionColumns(context: IContext, dataset: IDataset): readonly IColumn<IVersion>[] {
  const { trans } = context;
  return [
    { id: 'version', label: trans.__('Version'), width: 80, render: each => `@${each.version}` },
    { id: 'rows', label: trans.__('Rows'), width: 90, align: 'end', render: each => counted(each.rows) },
    { id: 'more', label: trans.__('More rows'), width: 96, align: 'end', render: each => moreRows(dataset, each) },
    { id: 'columns', label: trans.__('Columns'), width: 80, align: 'end', render: each => counted(each.columns) },
    {
      id: 'when',
      label: trans.__('When'),
      width: 110,
      render: each => <span title={moment(each.made_at)}>{ago(trans, each.made_at)}</span>
    },
    { id: 'new', label: trans.__('New'), width: 80, align: 'end', render: each => size(each.new_bytes) },
    { id: 'stored', label: trans.__('Whole'), width: 80, align: 'end', render: each => size(each.stored_bytes) },
    {
      id: 'fingerprint',
      label: trans.__('Fingerprint'),
      width: 120,
      render: each => <Fingerprint of={each.fingerprint} />
    }
  ];
}

/** Return how many rows a version has more than the one before it. */
function moreRows({ versions }: IDataset, version: IVersion): string {
  const before = versions[versions.findIndex(each => each.version === version.version) - 1];
  if (before === undefined || before.rows === null || version.rows === null) {
    return '—';
  }
  const more = version.rows - before.rows;
  return more === 0 ? '=' : `${more > 0 ? '+' : '−'}${count(Math.abs(more))}`;
}

/** The first characters of a hash of the content, all of it on hover. */
export function Fingerprint({ of: whole }: { of: string | null }): JSX.Element {
  return whole === null ? <>—</> : <code title={whole}>{whole.slice(0, 12)}</code>;
}

function counted(things: number | null): string {
  return things === null ? '—' : count(things);
}

/** The runs that used a version, the newest first; a double click opens one. */
export function UsingRuns({
  context,
  at,
  version
}: {
  context: IContext;
  at: string;
  version: IShownVersion;
}): JSX.Element {
  const { trans } = context;
  const columns = React.useMemo(() => runColumns(context, at), [context, at]);
  if (version.runs.length === 0) {
    return <Message>{trans.__('No run has used this version yet.')}</Message>;
  }
  return (
    <>
      {version.made_by !== '' && <p className="tb-Remark">{trans.__('Published by %1.', version.made_by)}</p>}
      <Table
        trans={trans}
        label={trans.__('Runs that used %1', `${version.name}@${version.version}`)}
        columns={columns}
        rows={version.runs}
        rowHeight={ROW_HEIGHT}
        keyOf={run => run.run_id}
        onOpen={run => openRun(context, run, at)}
      />
    </>
  );
}

function runColumns(context: IContext, at: string): readonly IColumn<IUsingRun>[] {
  const { trans } = context;
  return [
    {
      id: 'name',
      label: trans.__('Run'),
      width: 190,
      render: (run, { isActive }) => (
        <RowLink isReachable={isActive} onOpen={() => openRun(context, run, at)}>
          {oneLine(run.name)}
        </RowLink>
      )
    },
    { id: 'experiment', label: trans.__('Experiment'), width: 150, render: each => oneLine(each.experiment) },
    { id: 'status', label: trans.__('Status'), width: 90, render: ({ status }) => status.toLowerCase() },
    {
      id: 'when',
      label: trans.__('When'),
      width: 110,
      render: each => <span title={moment(each.started_at)}>{ago(trans, each.started_at)}</span>
    }
  ];
}

function openRun(context: IContext, { run_id: run }: IUsingRun, at: string): void {
  void context.commands.execute('trackbook:open-run', { run, at });
}
