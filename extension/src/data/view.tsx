import * as React from 'react';

import { CopyCode } from '../components/copy';
import { count } from '../components/count';
import { Facts } from '../components/facts';
import { ago, moment, oneLine, size } from '../components/format';
import { Message } from '../components/message';
import { Profile } from '../components/profile';
import { Tabs } from '../components/tabs';
import { Unanswered } from '../components/unanswered';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { useReload } from '../core/reload';
import { DatasetArgs, datasetPath, IDataset, IShownVersion, IVersion } from './api';
import { Changes } from './changes';
import { Fingerprint, UsingRuns, Versions } from './lists';

/** The kind of a version that is a model, not a table. */
const MODEL = 'model';

export interface IDatasetProps {
  readonly context: IContext;
  readonly args: DatasetArgs;
  readonly setTitle: (title: string) => void;
}

/** A dataset's tab in the main area: one version of it, what its columns look like, and what it was before. */
export function DatasetView({ context, args, setTitle }: IDatasetProps): JSX.Element {
  const { at, name } = args;
  const { trans } = context;
  const answer = useAnswer<IDataset>(context, datasetPath(name), { at });
  const [chosen, setChosen] = React.useState<number | null>(args.version ?? null);
  const dataset = answer.value;
  const version = dataset?.versions.find(each => each.version === (chosen ?? dataset.latest));
  const title = version ? `${name}@${version.version}` : name;
  React.useEffect(() => {
    setTitle(oneLine(title));
  }, [title, setTitle]);
  if (dataset === null) {
    return <Unanswered context={context} answer={answer} />;
  }
  if (version === undefined) {
    return (
      <Message>
        <p>{trans.__('There is no version %1 of %2; the latest is %3.', chosen, name, dataset.latest)}</p>
        <button className="jp-mod-styled tb-Button" onClick={() => setChosen(null)}>
          {trans.__('Show the latest')}
        </button>
      </Message>
    );
  }
  return (
    <div className="tb-Data">
      <Head context={context} dataset={dataset} version={version} onChoose={setChosen} />
      <Content context={context} at={at} dataset={dataset} version={version} onChoose={setChosen} />
    </div>
  );
}

interface IPartProps {
  readonly context: IContext;
  readonly dataset: IDataset;
  readonly version: IVersion;
  readonly onChoose: (version: number | null) => void;
}

function Head({ context: { trans }, dataset, version, onChoose }: IPartProps): JSX.Element {
  const newest = [...dataset.versions].reverse();
  const isModel = version.kind === MODEL;
  return (
    <div className="tb-Head">
      <div className="tb-Head-line">
        <h1>{oneLine(dataset.name)}</h1>
        <select
          className="tb-Choice"
          aria-label={trans.__('Version')}
          value={version.version}
          onChange={event => onChoose(Number(event.target.value))}
        >
          {newest.map(each => (
            <option key={each.version} value={each.version}>
              {each.version === dataset.latest
                ? trans.__('Version %1, the latest', each.version)
                : trans.__('Version %1', each.version)}
            </option>
          ))}
        </select>
        <CopyCode
          trans={trans}
          code={`trackbook.load(${JSON.stringify(`${version.name}@${version.version}`)})`}
          label={trans.__('Code that loads this version in a cell')}
        />
      </div>
      <Facts
        facts={[
          [trans.__('Rows'), version.rows === null ? null : count(version.rows)],
          [trans.__('Columns'), version.columns === null ? null : count(version.columns)],
          [trans.__('Kind'), isModel ? trans.__('a model') : version.kind],
          [trans.__('Made'), <span title={moment(version.made_at)}>{ago(trans, version.made_at)}</span>],
          [trans.__('Took'), trans.__('%1, %2 of it new', size(version.stored_bytes), size(version.new_bytes))],
          [trans.__('Fingerprint'), <Fingerprint of={version.fingerprint} />]
        ]}
      />
    </div>
  );
}

function Content({ at, ...props }: IPartProps & { readonly at: string }): JSX.Element {
  const { context, dataset, version, onChoose } = props;
  const { trans } = context;
  const [tab, setTab] = React.useState('profile');
  const answer = useAnswer<IShownVersion>(
    context,
    datasetPath(dataset.name, 'versions', version.version),
    { at },
    { isLive: false }
  );
  useReload(answer.reload, dataset.runs);
  const shown = answer.value?.version === version.version ? answer.value : null;
  return (
    <Tabs
      label={trans.__('About %1', dataset.name)}
      shown={tab}
      onShow={setTab}
      tabs={[
        { id: 'profile', label: trans.__('Columns') },
        { id: 'versions', label: trans.__('Versions'), count: dataset.versions.length },
        { id: 'changes', label: trans.__('Changes') },
        { id: 'runs', label: trans.__('Runs'), count: shown?.run_ids.length }
      ]}
    >
      {tab === 'versions' && <Versions context={context} dataset={dataset} shown={version} onChoose={onChoose} />}
      {tab === 'changes' && <Changes context={context} at={at} dataset={dataset} version={version} />}
      {tab !== 'versions' && tab !== 'changes' && shown === null && (
        <Unanswered context={context} answer={answer} busy={trans.__('Reading the table …')} />
      )}
      {tab === 'profile' && shown !== null && <Columns context={context} version={shown} />}
      {tab === 'runs' && shown !== null && <UsingRuns context={context} at={at} version={shown} />}
    </Tabs>
  );
}

function Columns({ context: { trans }, version }: { context: IContext; version: IShownVersion }): JSX.Element {
  if (version.profile === null) {
    return <Message>{trans.__('This is a model, not a table: it has no columns.')}</Message>;
  }
  return <Profile trans={trans} profile={version.profile} label={trans.__('Columns of %1', version.name)} />;
}
