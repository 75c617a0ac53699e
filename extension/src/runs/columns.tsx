import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Chips } from '../components/chips';
import { ago, decimalsOf, duration, Json, moment, oneLine, shortId, toNumber, withDecimals } from '../components/format';
import { signOf, verdictSign } from '../components/states';
import { IColumn, IRowState } from '../components/table';
import { MetricValue, Value } from '../components/value';
import { IField, IRunRow } from './api';
import { keyOf, orderField } from './fields';
import { IListed } from './tree';

/** How many decimals the metrics of a column have, so that they line up. */
export type Decimals = Readonly<Record<string, number | null>>;

/** What rows do when their buttons are pressed, and how their numbers are written. */
export interface IRowActions {
  readonly decimals: Decimals;
  readonly open: (run: IRunRow) => void;
  readonly expand: (runId: string, isExpanded: boolean) => void;
  readonly tag: (run: IRunRow, tags: Readonly<Record<string, string | null>>) => void;
}

/** Tags that Trackbook itself puts on runs; the verdict tells what they say. */
const OWN_TAGS = new Set(['nondeterministic', 'repeated', 'repeated_hidden', 'not_kept']);
const MOST_ALIGNED = 200;
const NARROWEST = 90;
const WIDEST = 140;
const WIDTHS: Readonly<Record<string, number>> = {
  name: 138,
  word: 28,
  verdict: 28,
  started_at: 100,
  seconds: 80,
  tags: 170,
  run_id: 86,
  note: 180
};

/** In a side panel as wide as JupyterLab opens it, a run's name, status, verdict and first metric are seen. */
const NARROW_WIDTHS: Readonly<Record<string, number>> = { name: 118, metrics: 84, params: 66 };

/** Return what the panel calls a column. */
export function columnLabel(trans: TranslationBundle, id: string): string {
  const { scope, key } = keyOf(id);
  return scope === 'run' ? (runLabels(trans)[key] ?? key) : oneLine(key);
}

function runLabels(trans: TranslationBundle): Record<string, string> {
  return {
    name: trans.__('Run'),
    word: trans.__('Status'),
    verdict: trans.__('Verdict'),
    started_at: trans.__('When'),
    seconds: trans.__('Took'),
    experiment: trans.__('Experiment'),
    model: trans.__('Model'),
    dataset: trans.__('Data'),
    run_id: trans.__('Id'),
    note: trans.__('Note'),
    tags: trans.__('Tags')
  };
}

/** Return how the metrics of a list are written, by those of its runs that were read first. */
export function metricDecimals(rows: readonly (IListed | undefined)[], columns: readonly string[]): Decimals {
  const runs: IRunRow[] = [];
  for (let at = 0; at < rows.length && runs.length < MOST_ALIGNED; at += 1) {
    const row = rows[at];
    if (row) {
      runs.push(row.run);
    }
  }
  const metrics = columns.filter(id => keyOf(id).scope === 'metrics');
  const valuesOf = (id: string): number[] => runs.flatMap(run => toNumber(run.metrics[keyOf(id).key]) ?? []);
  return Object.fromEntries(metrics.map(id => [id, decimalsOf(valuesOf(id))]));
}

/** Return the columns of the table by their ids. */
export function runColumns(
  trans: TranslationBundle,
  ids: readonly string[],
  fields: readonly IField[],
  actions: IRowActions
): IColumn<IListed>[] {
  const arrows = new Map(fields.map(field => [field.field, arrowOf(field)]));
  return ids.map(id => {
    const { scope } = keyOf(id);
    return {
      id,
      label: columnLabel(trans, id) + (arrows.get(id) ?? ''),
      title: scope === 'run' ? columnLabel(trans, id) : id,
      width: widthOf(trans, id),
      narrowWidth: NARROW_WIDTHS[scope === 'run' ? id : scope],
      align: scope === 'metrics' || id === 'seconds' ? ('end' as const) : ('start' as const),
      isSortable: orderField(id) !== null,
      render: (row: IListed, state: IRowState) => <Cell trans={trans} id={id} row={row} state={state} {...actions} />
    };
  });
}

function widthOf(trans: TranslationBundle, id: string): number {
  const ofLabel = 34 + 7 * columnLabel(trans, id).length;
  return WIDTHS[id] ?? Math.max(NARROWEST, Math.min(WIDEST, ofLabel));
}

interface ICellProps extends IRowActions {
  readonly trans: TranslationBundle;
  readonly id: string;
  readonly row: IListed;
  readonly state: IRowState;
}

function Cell(props: ICellProps): JSX.Element {
  const { scope, key } = keyOf(props.id);
  const { run } = props.row;
  switch (scope) {
    case 'metrics':
      return <MetricCell value={run.metrics[key]} decimals={props.decimals[props.id] ?? null} />;
    case 'params':
      return <Value value={run.params[key]} />;
    case 'tags':
      return <Value value={run.tags[key]} />;
    default:
      return <RunCell {...props} column={key} />;
  }
}

function MetricCell({ value, decimals }: { value: Json | undefined; decimals: number | null }): JSX.Element {
  const amount = toNumber(value);
  return <MetricValue value={value} shown={amount === null ? undefined : withDecimals(amount, decimals)} />;
}

function RunCell({ column, ...props }: ICellProps & { column: string }): JSX.Element {
  const { trans } = props;
  const { run } = props.row;
  switch (column) {
    case 'name':
      return <NameCell {...props} />;
    case 'word':
      return <StatusCell run={run} />;
    case 'verdict':
      return <VerdictCell run={run} />;
    case 'started_at':
      return <span title={moment(run.started_at)}>{ago(trans, run.started_at)}</span>;
    case 'seconds':
      return <span className="tb-mod-number">{duration(trans, run.seconds)}</span>;
    case 'experiment':
      return <Text text={run.experiment} />;
    case 'model':
      return <Text text={run.models.map(each => each.slice(each.lastIndexOf('.') + 1)).join(', ')} />;
    case 'dataset':
      return <Text text={run.datasets.join(', ')} />;
    case 'run_id':
      return <code title={run.run_id}>{shortId(run.run_id)}</code>;
    case 'note':
      return <Text text={run.note ?? ''} />;
    case 'tags':
      return <TagsCell {...props} />;
    default:
      return <Value value={undefined} />;
  }
}

function NameCell({ expand, open, row, state, trans }: ICellProps): JSX.Element {
  const { run, level, isExpanded } = row;
  return (
    <span className="tb-Runs-name" style={{ paddingInlineStart: (level - 1) * 14 }}>
      {isExpanded === undefined ? (
        <span className="tb-Runs-twisty" />
      ) : (
        <button
          className="tb-Runs-twisty"
          tabIndex={-1}
          aria-label={isExpanded ? trans.__('Hide its parts') : trans.__('Show its %1 parts', run.children)}
          onClick={event => {
            event.stopPropagation();
            expand(run.run_id, !isExpanded);
          }}
        >
          {isExpanded ? '▾' : '▸'}
        </button>
      )}
      <button
        className="tb-Link"
        tabIndex={state.isActive ? 0 : -1}
        title={run.note ? `${oneLine(run.name)}\n${run.note}` : oneLine(run.name)}
        onClick={event => {
          if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
            event.stopPropagation();
            open(run);
          }
        }}
      >
        {oneLine(run.name)}
      </button>
      {run.children > 0 && <span className="tb-Runs-count">{run.children}</span>}
      {run.note && (
        <span className="tb-mod-quiet" role="img" aria-label={trans.__('Has a note')} title={run.note}>
          ✎
        </span>
      )}
    </span>
  );
}

function StatusCell({ run }: { run: IRunRow }): JSX.Element {
  return (
    <span className={`tb-Runs-status tb-mod-${run.word}`} title={run.word}>
      <span aria-hidden="true">{signOf(run.word)}</span> {run.word}
    </span>
  );
}

function VerdictCell({ run }: { run: IRunRow }): JSX.Element {
  const own = Object.keys(run.tags).filter(tag => tag === 'nondeterministic');
  const words = [...(run.verdict && !(own.length > 0 && run.verdict === 'clean') ? [run.verdict] : []), ...own];
  if (words.length === 0) {
    return <></>;
  }
  const said = words.join(', ');
  const why = run.verdict_reason ?? (run.tags.nondeterministic || undefined);
  return (
    <span className={`tb-Runs-verdict tb-mod-${words[0]}`} title={why ? `${said}: ${why}` : said}>
      <span aria-hidden="true">{verdictSign(words[0])}</span> {said}
    </span>
  );
}

function TagsCell({ row, state, tag, trans }: ICellProps): JSX.Element {
  const { run } = row;
  const tags = Object.fromEntries(Object.entries(run.tags).filter(([key]) => !OWN_TAGS.has(key)));
  return (
    <Chips
      trans={trans}
      label={trans.__('Tags of %1', run.name)}
      tags={tags}
      isReachable={state.isActive}
      onRemove={key => tag(run, { [key]: null })}
      onAdd={(key, value) => tag(run, { [key]: value })}
    />
  );
}

function Text({ text }: { text: string }): JSX.Element {
  return text === '' ? <Value value={undefined} /> : <span title={text}>{oneLine(text)}</span>;
}

function arrowOf({ higher_is_better }: IField): string {
  return higher_is_better === null ? '' : higher_is_better ? ' ↑' : ' ↓';
}
