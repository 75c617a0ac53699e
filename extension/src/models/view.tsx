import * as React from 'react';

import { CopyCode } from '../components/copy';
import { count } from '../components/count';
import { Facts } from '../components/facts';
import { ago, moment, oneLine, shape, size } from '../components/format';
import { Failure } from '../components/message';
import { MetricValue, Value } from '../components/value';
import { Unanswered } from '../components/unanswered';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IDatasetUse, IModelCard, IPublished, ModelArgs, modelPath, shortClass } from './api';
import { Publish } from './publish';
import { Signature } from './signature';
import { Weights } from './weights';

/** What a card tells elsewhere, or what is of no use to a person. */
const UNTOLD = new Set(['default_params', 'example_predictions', 'n_features_in_']);

export interface IModelProps {
  readonly context: IContext;
  readonly args: ModelArgs;
  readonly setTitle: (title: string) => void;
}

/** A model's tab in the main area: its card, how to load it, and a field to publish it by a name. */
export function ModelView({ context, args, setTitle }: IModelProps): JSX.Element {
  const { at, model: wanted, run } = args;
  const { trans } = context;
  const answer = useAnswer<IModelCard>(context, modelPath(run, wanted), { at });
  const model = answer.value;
  const title = model ? oneLine(shortClass(model.class_name)) : trans.__('Model');
  React.useEffect(() => {
    setTitle(title);
  }, [title, setTitle]);
  if (model === null) {
    return <Unanswered context={context} answer={answer} />;
  }
  return (
    <div className="tb-Model">
      <Head context={context} args={args} model={model} />
      <Publish context={context} args={args} model={model} onDone={answer.reload} />
      {answer.failure && <Failure context={context} failure={answer.failure} retry={answer.reload} />}
      <div className="tb-Model-parts">
        <div>
          <Metrics context={context} model={model} />
          <Weights context={context} title={trans.__('Importances')} values={model.importances} />
          <Weights context={context} title={trans.__('Coefficients')} values={model.coefficients} />
        </div>
        <div>
          <Params context={context} model={model} />
          <Signature trans={trans} model={model} />
        </div>
      </div>
    </div>
  );
}

function Head({ context, args, model }: { context: IContext; args: ModelArgs; model: IModelCard }): JSX.Element {
  const { trans } = context;
  const openRun = (): void => {
    void context.commands.execute('trackbook:open-run', { run: model.run_id, at: args.at });
  };
  return (
    <div className="tb-Head">
      <div className="tb-Head-line">
        <h1 title={model.class_name}>{oneLine(shortClass(model.class_name))}</h1>
        {model.load !== null && (
          <CopyCode trans={trans} code={model.load} label={trans.__('Code that loads this model in a cell')} />
        )}
      </div>
      <Facts
        facts={[
          [trans.__('Name'), <code>{oneLine(model.name)}</code>],
          [
            trans.__('Run'),
            <button className="tb-Link" onClick={openRun}>
              {oneLine(model.run_name)}
            </button>
          ],
          [trans.__('Experiment'), oneLine(model.experiment)],
          [trans.__('Fitted'), <span title={moment(model.started_at)}>{ago(trans, model.started_at)}</span>],
          [trans.__('Features'), model.n_features === null ? null : count(model.n_features)],
          [trans.__('Size'), model.size === null ? trans.__('not kept') : size(model.size)],
          [trans.__('Data'), model.datasets.length === 0 ? null : model.datasets.map(dataText).join(', ')],
          [trans.__('Published'), <Versions context={context} at={args.at} published={model.published} />],
          [trans.__('Class'), <code>{model.class_name}</code>]
        ]}
      />
    </div>
  );
}

function dataText({ name, role, shape: sizes }: IDatasetUse): string {
  const what = role === null ? oneLine(name) : `${oneLine(name)} (${role})`;
  return sizes.length === 0 ? what : `${what} ${shape(sizes)}`;
}

function Versions({
  context,
  at,
  published
}: {
  context: IContext;
  at: string;
  published: readonly IPublished[];
}): JSX.Element {
  const { commands, trans } = context;
  if (published.length === 0) {
    return <span className="tb-mod-quiet">{trans.__('not yet')}</span>;
  }
  return (
    <>
      {published.map(({ name, version }) => (
        <button
          key={`${name}@${version}`}
          className="tb-Link"
          onClick={() => void commands.execute('trackbook:open-dataset', { name, version, at })}
        >
          {oneLine(name)}@{version}
        </button>
      ))}
    </>
  );
}

function Metrics({ context: { trans }, model }: { context: IContext; model: IModelCard }): JSX.Element | null {
  const metrics = Object.entries(model.metrics);
  if (metrics.length === 0) {
    return null;
  }
  return (
    <section>
      <h2>{trans.__('Metrics')}</h2>
      <table className="tb-Grid" aria-label={trans.__('Metrics of its run')}>
        <tbody>
          {metrics.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{oneLine(key)}</th>
              <td className="tb-mod-end">
                <MetricValue value={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The params of its run, and what else is known of the model itself; what nobody chose is shown on request. */
function Params({ context: { trans }, model }: { context: IContext; model: IModelCard }): JSX.Element | null {
  const [hasDefaults, setHasDefaults] = React.useState(false);
  const details = Object.entries(model.details).filter(([key]) => !UNTOLD.has(key) && !(key in model.params));
  const all = [...Object.entries(model.params), ...details];
  const defaults = new Set(model.defaults);
  const rows = hasDefaults ? all : all.filter(([key]) => !defaults.has(key));
  if (all.length === 0) {
    return null;
  }
  return (
    <section>
      <h2>{trans.__('Params')}</h2>
      <table className="tb-Grid" aria-label={trans.__('Params and what was found')}>
        <tbody>
          {rows.map(([key, value]) => (
            <tr key={key}>
              <th scope="row">{oneLine(key)}</th>
              <td>
                <Value value={value} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {defaults.size > 0 && (
        <button className="tb-Link" aria-expanded={hasDefaults} onClick={() => setHasDefaults(!hasDefaults)}>
          {hasDefaults
            ? trans.__('Hide defaults')
            : trans._n('Show %1 default', 'Show %1 defaults', defaults.size)}
        </button>
      )}
    </section>
  );
}
