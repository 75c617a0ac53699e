import { TranslationBundle } from '@jupyterlab/translation';

import { number, oneLine, toNumber } from '../components/format';
import { ICellMetric, IMark } from './api';
import { iconOf, STALE, UNORDERED } from './icons';

const MOST_METRICS = 6;
const MOST_RUNS = 3;

/** What a click on a metric does. */
export type OpenRun = (run: string) => void;

/** Return the sign beside the prompt of a cell that is stale or was run out of order, null if it is neither. */
export function signOf(trans: TranslationBundle, marks: readonly IMark[]): HTMLElement | null {
  const told = marks.filter(mark => mark.kind !== 'metrics');
  if (told.length === 0) {
    return null;
  }
  const sign = document.createElement('div');
  sign.className = 'tb-CellSign';
  for (const mark of told) {
    sign.append(iconFor(trans, mark));
  }
  return sign;
}

function iconFor(trans: TranslationBundle, { kind, reason }: IMark): HTMLElement {
  const isStale = kind === 'stale';
  const word = isStale ? trans.__('Stale') : trans.__('Run out of order');
  const says = reason ? `${word}: ${reason}` : `${word}.`;
  const node = document.createElement('span');
  node.className = 'tb-CellSign-icon';
  node.dataset.kind = kind;
  node.title = says;
  node.append(iconOf(isStale ? STALE : UNORDERED));
  node.setAttribute('role', 'img');
  node.setAttribute('aria-label', says);
  return node;
}

/** Return the line beneath a cell with the metrics that it made, null if it made none. */
export function metricsOf(
  trans: TranslationBundle,
  marks: readonly IMark[],
  isEdited: boolean,
  open: OpenRun
): HTMLElement | null {
  const runs = byRun(marks.flatMap(mark => (mark.kind === 'metrics' ? mark.metrics : [])));
  if (runs.length === 0) {
    return null;
  }
  const line = document.createElement('div');
  line.className = isEdited ? 'tb-CellMetrics tb-mod-edited' : 'tb-CellMetrics';
  line.append(...runs.slice(-MOST_RUNS).map(metrics => runButton(trans, metrics, isEdited, open)));
  const rest = runs.length - MOST_RUNS;
  if (rest > 0) {
    line.append(quiet(trans._n('and %1 earlier run', 'and %1 earlier runs', rest)));
  }
  return line;
}

function byRun(metrics: readonly ICellMetric[]): readonly (readonly ICellMetric[])[] {
  const runs = new Map<string, ICellMetric[]>();
  for (const metric of metrics) {
    runs.set(metric.run_id, [...(runs.get(metric.run_id) ?? []), metric]);
  }
  return [...runs.values()];
}

function runButton(
  trans: TranslationBundle,
  metrics: readonly ICellMetric[],
  isEdited: boolean,
  open: OpenRun
): HTMLElement {
  const [{ run_id: run, run_name: name }] = metrics;
  const button = document.createElement('button');
  button.className = 'tb-CellMetrics-run';
  for (const metric of metrics.slice(0, MOST_METRICS)) {
    const value = document.createElement('b');
    value.textContent = shown(metric);
    const pair = document.createElement('span');
    pair.append(`${oneLine(metric.key)} `, value);
    button.append(pair);
  }
  const rest = metrics.length - MOST_METRICS;
  if (rest > 0) {
    button.append(quiet(`+${rest}`));
  }
  button.append(quiet(oneLine(name)));
  const all = metrics.map(metric => `${oneLine(metric.key)} ${shown(metric)}`).join(', ');
  const edited = isEdited ? ` ${trans.__('The cell was edited since.')}` : '';
  const says = trans.__('%1: metrics of run %2. Click to open it.', all, oneLine(name)) + edited;
  button.title = says;
  button.setAttribute('aria-label', says);
  button.addEventListener('click', event => {
    event.stopPropagation();
    open(run);
  });
  return button;
}

function shown({ value }: ICellMetric): string {
  const amount = toNumber(value);
  return amount === null ? oneLine(String(value)) : number(amount);
}

function quiet(text: string): HTMLElement {
  const node = document.createElement('span');
  node.className = 'tb-mod-quiet';
  node.textContent = text;
  return node;
}
