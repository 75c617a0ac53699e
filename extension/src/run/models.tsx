import * as React from 'react';

import { Chart } from '../components/chart';
import { Facts } from '../components/facts';
import { Json, number, oneLine, text, toNumber } from '../components/format';
import { Message } from '../components/message';
import { Value } from '../components/value';
import { IContext } from '../core/context';
import { Amount, IModel } from './api';
import { IPart, Section } from './part';

const MOST_BARS = 20;
const BAR_HEIGHT = 20;
const ROOM = 50;
const MOST_FEATURES = 12;
/** What a card tells by itself, or what is of no use to a person. */
const UNTOLD = new Set(['default_params', 'example_predictions', 'n_features_in_']);

/** The cards of the models that a run fitted. */
export function Models({ at, context, run }: IPart): JSX.Element {
  const { trans } = context;
  if (run.models.length === 0) {
    return <Message>{trans.__('This run fitted no model, or none that is known.')}</Message>;
  }
  return (
    <>
      {run.models.map(model => (
        <Card key={model.model_id ?? model.name} context={context} at={at} run={run.run_id} model={model} />
      ))}
    </>
  );
}

function Card({ at, context, model, run }: { context: IContext; at: string; run: string; model: IModel }): JSX.Element {
  const { trans } = context;
  const open = (): void =>
    void context.commands.execute('trackbook:open-model', { run, at, model: model.model_id ?? model.name });
  const details = Object.entries(model.details).filter(([key]) => !UNTOLD.has(key));
  return (
    <Section
      title={oneLine(model.name)}
      aside={
        <button className="tb-Link" onClick={open}>
          {trans.__('Open the model')}
        </button>
      }
    >
      <Facts
        facts={[
          [trans.__('Class'), <code key="class">{model.class}</code>],
          [trans.__('Kept'), keptText(context, model)],
          ...details.map(([key, value]): [string, React.ReactNode] => [key, <Value key={key} value={value} />])
        ]}
      />
      <div className="tb-Columns">
        <div>
          <Signature context={context} model={model} />
        </div>
        <div>
          <Weights context={context} label={trans.__('Importances')} weights={model.importances} />
          <Weights context={context} label={trans.__('Coefficients')} weights={plain(model.coefficients)} />
        </div>
      </div>
      <Predictions context={context} model={model} />
    </Section>
  );
}

function keptText({ trans }: IContext, { is_kept: isKept }: IModel): string {
  if (isKept === undefined) {
    return '';
  }
  return isKept ? trans.__('yes') : trans.__('no: only what is said of it here');
}

interface IColumnType {
  readonly name?: string;
  readonly dtype?: string;
}

/** What goes in and what comes out. */
function Signature({ context, model }: { context: IContext; model: IModel }): JSX.Element | null {
  const { trans } = context;
  const [isWhole, setIsWhole] = React.useState(false);
  const inputs = columnsOf(model.signature.inputs);
  const names = inputs.length > 0 ? inputs : model.features.map(name => ({ name }));
  const target = columnsOf(model.signature.target)[0] ?? columnsOf(model.signature.outputs)[0];
  if (names.length === 0 && target === undefined) {
    return null;
  }
  const shown = isWhole ? names : names.slice(0, MOST_FEATURES);
  return (
    <>
      <h4>{trans.__('Signature')}</h4>
      <table className="tb-Grid" aria-label={trans.__('Signature of %1', model.name)}>
        <tbody>
          {shown.map((column, n) => (
            <tr key={n}>
              <td className="tb-mod-quiet">{n === 0 ? trans._n('%1 input', '%1 inputs', names.length) : ''}</td>
              <th scope="row">{oneLine(column.name ?? String(n))}</th>
              <td className="tb-mod-quiet">{'dtype' in column ? column.dtype : ''}</td>
            </tr>
          ))}
          {target !== undefined && (
            <tr>
              <td className="tb-mod-quiet">{trans.__('output')}</td>
              <th scope="row">{oneLine(target.name ?? '')}</th>
              <td className="tb-mod-quiet">{target.dtype ?? ''}</td>
            </tr>
          )}
        </tbody>
      </table>
      {shown.length < names.length && (
        <button className="jp-mod-styled tb-Button" onClick={() => setIsWhole(true)}>
          {trans._n('Show %1 more input', 'Show %1 more inputs', names.length - shown.length)}
        </button>
      )}
    </>
  );
}

/** The weightiest features as bars, with the sign that they have. */
function Weights({
  context,
  label,
  weights
}: {
  context: IContext;
  label: string;
  weights: Readonly<Record<string, Amount>>;
}): JSX.Element | null {
  const ranked = Object.entries(weights)
    .flatMap(([name, value]) => {
      const amount = toNumber(value);
      return amount === null || !Number.isFinite(amount) ? [] : [{ name: oneLine(name), value: amount }];
    })
    .sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
  if (ranked.length === 0) {
    return null;
  }
  const shown = ranked.slice(0, MOST_BARS);
  const rest = ranked.length - shown.length;
  return (
    <>
      <h4>{label}</h4>
      <div className="tb-Weights">
        <Chart
          context={context}
          label={`${label}: ${shown.map(each => `${each.name} ${number(each.value)}`).join(', ')}`}
          height={ROOM + BAR_HEIGHT * shown.length}
          spec={{
            data: { values: shown },
            mark: { type: 'bar', height: { band: 0.7 } },
            encoding: {
              y: { field: 'name', type: 'nominal', sort: null, title: null, axis: { labelLimit: 160, ticks: false } },
              x: { field: 'value', type: 'quantitative', title: null },
              tooltip: [{ field: 'name' }, { field: 'value', type: 'quantitative' }]
            }
          }}
        />
      </div>
      {rest > 0 && <p className="tb-mod-quiet">{context.trans._n('%1 more', '%1 more', rest)}</p>}
    </>
  );
}

function Predictions({ context, model }: { context: IContext; model: IModel }): JSX.Element | null {
  const examples = model.details.example_predictions;
  if (examples === null || typeof examples !== 'object' || Array.isArray(examples)) {
    return null;
  }
  return (
    <>
      <h4>{context.trans.__('What it said to its input example')}</h4>
      <Facts facts={Object.entries(examples).map(([name, value]) => [name, example(value)])} />
    </>
  );
}

/** Return what a model said of each row of its example, numbers as people read them. */
function example(value: Json | undefined): string {
  const parts = Array.isArray(value) ? (value as readonly Json[]) : [value ?? null];
  return parts.map(each => (typeof each === 'number' ? number(each) : text(each))).join(', ');
}

function plain(values: Readonly<Record<string, Json>>): Readonly<Record<string, Amount>> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Amount] => toNumber(entry[1]) !== null)
  );
}

function columnsOf(value: Json | undefined): readonly IColumnType[] {
  if (value === null || value === undefined || typeof value !== 'object') {
    return [];
  }
  return (Array.isArray(value) ? value : [value]) as readonly IColumnType[];
}
