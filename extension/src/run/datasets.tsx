import * as React from 'react';

import { Facts } from '../components/facts';
import { oneLine, shape, size } from '../components/format';
import { Message } from '../components/message';
import { IProfile, Profile } from '../components/profile';
import { useAnswer } from '../core/answer';
import { IDatasetUse } from './api';
import { Answered, IPart, Section } from './part';

const DIGEST = 8;

/** The tables that flowed into a run, with what their columns look like. */
export function Datasets({ at, context, run }: IPart): JSX.Element {
  const { trans } = context;
  if (run.datasets.length === 0) {
    return <Message>{trans.__('No table flowed into this run, as far as that is known.')}</Message>;
  }
  return (
    <>
      {run.datasets.map((dataset, index) => (
        <OneDataset
          key={`${dataset.name} ${dataset.role ?? ''}`}
          context={context}
          at={at}
          dataset={dataset}
          isFirst={index === 0}
        />
      ))}
    </>
  );
}

type Shown = Pick<IPart, 'context' | 'at'> & { readonly dataset: IDatasetUse };

function OneDataset({ at, context, dataset, isFirst }: Shown & { isFirst: boolean }): JSX.Element {
  const { trans } = context;
  const [isOpen, setIsOpen] = React.useState(isFirst);
  const { files, fingerprint, kind, name, role } = dataset;
  return (
    <Section
      title={oneLine(name)}
      aside={<span className="tb-mod-quiet">{[role, shape(dataset.shape)].filter(Boolean).join(' · ')}</span>}
    >
      <Facts
        facts={[
          [trans.__('Kind'), kind],
          [trans.__('Fingerprint'), fingerprint && <code title={fingerprint}>{fingerprint.slice(0, DIGEST)}</code>],
          [trans.__('Files'), files.map(file => fileText(file)).join(', ')]
        ]}
      />
      <details className="tb-Fold" open={isOpen} onToggle={event => setIsOpen(event.currentTarget.open)}>
        <summary>{trans._n('%1 column', '%1 columns', dataset.columns.length)}</summary>
        {isOpen && <Columns context={context} at={at} dataset={dataset} />}
      </details>
    </Section>
  );
}

function Columns({ at, context, dataset }: Shown): JSX.Element {
  const { trans } = context;
  const id = dataset.snapshot_id ?? '';
  const answer = useAnswer<IProfile>(
    context,
    `snapshots/${encodeURIComponent(id)}/profile`,
    { at },
    { isLive: false, isWanted: id !== '' }
  );
  if (id === '') {
    return (
      <>
        <p className="tb-mod-quiet">{trans.__('The table itself was not kept, so only its columns are known.')}</p>
        <p>{dataset.columns.map(column => `${oneLine(column.name)} (${oneLine(column.dtype)})`).join(', ')}</p>
      </>
    );
  }
  return (
    <Answered context={context} answer={answer}>
      {profile => <Profile trans={trans} profile={profile} label={trans.__('Columns of %1', dataset.name)} />}
    </Answered>
  );
}

function fileText({ digest, path, size: bytes }: IDatasetUse['files'][number]): string {
  const facts = [bytes === null ? '' : size(bytes), digest === null ? '' : `sha256 ${digest.slice(0, DIGEST)}`];
  return `${oneLine(path)} (${facts.filter(Boolean).join(', ')})`;
}
