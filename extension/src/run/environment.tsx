import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Facts } from '../components/facts';
import { Filter } from '../components/filter';
import { Json, oneLine, size, text } from '../components/format';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IEnvironment, IGit, runPath } from './api';
import { Answered, IPart, Section } from './part';

const DIGEST = 8;

/** Where a run was made: Python, machine, git, packages. */
export function EnvironmentPart({ at, context, run }: IPart): JSX.Element {
  const { trans } = context;
  const answer = useAnswer<IEnvironment>(context, runPath(run.run_id, 'environment'), { at }, { isLive: false });
  return (
    <Answered context={context} answer={answer}>
      {environment => (
        <>
          <Section title={trans.__('Where it ran')}>
            <Facts
              facts={[
                [trans.__('Python'), `${environment.python} (${environment.implementation})`],
                [trans.__('Platform'), `${environment.platform} ${environment.machine}`],
                ...Object.entries(environment.hardware).map(fact => hardware(trans, fact)),
                [trans.__('User'), run.session ? `${run.session.user} @ ${run.session.host}` : ''],
                [trans.__('Notebook'), run.session?.notebook ?? '']
              ]}
            />
          </Section>
          {environment.git && <Git context={context} git={environment.git} />}
          <Packages context={context} environment={environment} />
        </>
      )}
    </Answered>
  );
}

/** Return a fact about the machine, in people's words. */
function hardware(trans: TranslationBundle, [key, value]: [string, Json]): [string, string] {
  const labels: Record<string, string> = {
    cpu_count: trans.__('CPUs'),
    cpu_model: trans.__('CPU'),
    gpus: trans.__('GPUs'),
    memory_bytes: trans.__('Memory')
  };
  const isBytes = key.endsWith('_bytes') && typeof value === 'number';
  return [labels[key] ?? oneLine(key), isBytes ? size(value) : text(value)];
}

function Git({ context: { trans }, git }: { context: IContext; git: IGit }): JSX.Element {
  return (
    <Section title={trans.__('Git')}>
      <Facts
        facts={[
          [
            trans.__('Commit'),
            <code key="commit" title={git.commit}>
              {git.commit.slice(0, DIGEST)}
            </code>
          ],
          [trans.__('Branch'), git.branch],
          [trans.__('From'), git.remote],
          [trans.__('State'), git.is_dirty ? trans.__('changed since the commit') : trans.__('as committed')]
        ]}
      />
      {git.patch && (
        <details className="tb-Fold">
          <summary>{trans.__('What was changed')}</summary>
          <pre className="tb-Source" tabIndex={0}>
            {git.patch}
          </pre>
        </details>
      )}
    </Section>
  );
}

function Packages({ context: { trans }, environment }: { context: IContext; environment: IEnvironment }): JSX.Element {
  const [wanted, setWanted] = React.useState('');
  const names = Object.keys(environment.packages).sort((one, other) => one.localeCompare(other));
  const shown = names.filter(name => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  return (
    <Section
      title={trans._n('%1 package', '%1 packages', names.length)}
      aside={
        <Filter
          label={trans.__('Filter packages by name')}
          placeholder={trans.__('Filter by name')}
          value={wanted}
          onChange={setWanted}
        />
      }
    >
      {shown.length === 0 ? (
        <p className="tb-mod-quiet">{trans.__('No package has this in its name.')}</p>
      ) : (
        <ul className="tb-Packages">
          {shown.map(name => (
            <li key={name} title={environment.origins[name]}>
              {oneLine(name)} <span className="tb-mod-quiet">{oneLine(environment.packages[name])}</span>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}
