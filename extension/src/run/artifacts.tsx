import * as React from 'react';

import { oneLine, size } from '../components/format';
import { Message } from '../components/message';
import { objectUrl, Picture } from '../components/outputs';
import { IArtifact } from './api';
import { IPart, Section } from './part';

const PICTURES = /^image\/(png|jpeg|gif|webp|svg\+xml)$/u;
const LARGEST_PICTURE = 10_000_000;

/** The files that a run made: pictures shown, all of them to be downloaded. */
export function Artifacts({ at, context, run }: IPart): JSX.Element {
  const { trans } = context;
  const artifacts = run.artifacts ?? [];
  if (artifacts.length === 0) {
    return <Message>{trans.__('This run kept no files. Keep one with trackbook.log_artifact("file").')}</Message>;
  }
  const pictures = artifacts.filter(isPicture);
  return (
    <>
      {pictures.length > 0 && (
        <div className="tb-Cards">
          {pictures.map(artifact => (
            <figure key={artifact.name} className="tb-Card">
              <figcaption>{oneLine(artifact.name)}</figcaption>
              <Picture
                context={context}
                at={at}
                label={artifact.name}
                part={{ ...artifact, text: null, is_cut: false }}
              />
            </figure>
          ))}
        </div>
      )}
      <Section title={trans.__('Files')}>
        <table className="tb-Grid" aria-label={trans.__('Files of the run')}>
          <tbody>
            {artifacts.map(({ digest, media_type: type, name, size: bytes }) => (
              <tr key={name}>
                <th scope="row">{oneLine(name)}</th>
                <td className="tb-mod-end">{size(bytes)}</td>
                <td className="tb-mod-quiet">{oneLine(type)}</td>
                <td>
                  <a
                    href={objectUrl(digest, at)}
                    download={name.split('/').pop()}
                    aria-label={trans.__('Download %1', name)}
                  >
                    {trans.__('Download')}
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Section>
    </>
  );
}

function isPicture({ media_type: type, size: bytes }: IArtifact): boolean {
  return PICTURES.test(type) && bytes <= LARGEST_PICTURE;
}
