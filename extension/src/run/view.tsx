import * as React from 'react';

import { FromTop } from '../components/from_top';
import { ITabLabel, Tabs } from '../components/tabs';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { isText } from '../core/memory';
import { useRemembered } from '../core/remembered';
import { IRun, runPath } from './api';
import { Artifacts } from './artifacts';
import { Cells } from './cells';
import { Datasets } from './datasets';
import { EnvironmentPart } from './environment';
import { Head } from './head';
import { Metrics } from './metrics';
import { Models } from './models';
import { Notebooks } from './notebooks';
import { Answered, IPart } from './part';
import { Resources } from './resources';
import { Summary } from './summary';
import { Why } from './why';

export interface IRunArgs {
  readonly run: string;
  readonly at: string;
  readonly [key: string]: string;
}

export interface IRunViewProps {
  readonly context: IContext;
  readonly args: IRunArgs;
  readonly setTitle: (title: string) => void;
  readonly notebooks: Notebooks;
}

/** A run's page: what it is, what can be done with it, and its parts. */
export function RunView({ context, args, setTitle, notebooks }: IRunViewProps): JSX.Element {
  const answer = useAnswer<IRun>(context, runPath(args.run), { at: args.at });
  const name = answer.value?.name;
  React.useEffect(() => {
    if (name !== undefined) {
      setTitle(name);
    }
  }, [name, setTitle]);
  return (
    <div className="tb-Run">
      <Answered context={context} answer={answer}>
        {run => <Parts part={{ context, run, at: args.at, notebooks }} reload={answer.reload} />}
      </Answered>
    </div>
  );
}

function Parts({ part, reload }: { part: IPart; reload: () => void }): JSX.Element {
  const { context, run } = part;
  const [shown, show] = useRemembered(context, 'run.part', run.run_id, isText, 'summary');
  const [subject, setSubject] = React.useState('');
  const explain = (key: string): void => {
    setSubject(key);
    show('why');
  };
  return (
    <>
      <Head {...part} reload={reload} />
      <Tabs label={context.trans.__('Parts of the run')} tabs={labels(part)} shown={shown} onShow={show}>
        <FromTop className="tb-Run-part" key={`${run.run_id} ${shown}`}>
          {shown === 'summary' && <Summary {...part} reload={reload} onExplain={explain} />}
          {shown === 'metrics' && <Metrics {...part} onExplain={explain} />}
          {shown === 'data' && <Datasets {...part} />}
          {shown === 'models' && <Models {...part} />}
          {shown === 'why' && <Why {...part} subject={subject} onSubject={setSubject} />}
          {shown === 'cells' && <Cells {...part} />}
          {shown === 'resources' && <Resources {...part} />}
          {shown === 'environment' && <EnvironmentPart {...part} />}
          {shown === 'artifacts' && <Artifacts {...part} />}
        </FromTop>
      </Tabs>
    </>
  );
}

function labels({ context: { trans }, run }: IPart): readonly ITabLabel[] {
  return [
    { id: 'summary', label: trans.__('Summary') },
    { id: 'metrics', label: trans.__('Metrics'), count: Object.keys(run.metrics).length },
    { id: 'why', label: trans.__('Why') },
    { id: 'data', label: trans.__('Data'), count: run.datasets.length },
    { id: 'models', label: trans.__('Model'), count: run.models.length },
    { id: 'cells', label: trans.__('Cells') },
    { id: 'artifacts', label: trans.__('Artifacts'), count: run.artifacts?.length ?? 0 },
    { id: 'resources', label: trans.__('Resources') },
    { id: 'environment', label: trans.__('Environment') }
  ];
}
