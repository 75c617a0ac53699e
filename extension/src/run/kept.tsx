import { Clipboard } from '@jupyterlab/apputils';
import * as React from 'react';

import { Found } from './notebooks';
import { IPart } from './part';
import { IPlaceInCell } from './place';

/** A cell's code as it ran, which no open notebook has any more. */
export interface IKept extends IPlaceInCell {
  readonly found: Found;
  /** The number of its prompt. */
  readonly count: number | null;
}

/** The code of a cell that is gone or was edited since, as it ran, the lines that were asked for marked. */
export function Kept({ context, kept, notebooks, onClose }: IPart & { kept: IKept; onClose: () => void }): JSX.Element {
  const { trans } = context;
  const place = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => place.current?.scrollIntoView?.({ block: 'nearest' }), [kept]);
  const told =
    kept.found === 'edited'
      ? trans.__('The cell was edited since. This is what ran:')
      : trans.__('No open notebook has this cell. This is what ran:');
  return (
    <div ref={place} className="tb-Kept" role="region" aria-label={trans.__('Kept source')}>
      <div className="tb-Section-head">
        <p role="status">
          {told} {kept.count !== null && <code>[{kept.count}]</code>}
        </p>
        <button className="tb-Link" onClick={() => Clipboard.copyToSystem(kept.source)}>
          {trans.__('Copy')}
        </button>
        {notebooks.hasCurrent && (
          <button className="tb-Link" onClick={() => notebooks.insert(kept.source)}>
            {trans.__('Insert as a cell')}
          </button>
        )}
        <button className="tb-IconButton" aria-label={trans.__('Close')} title={trans.__('Close')} onClick={onClose}>
          ×
        </button>
      </div>
      <Source source={kept.source} first={kept.line} last={kept.endLine} />
    </div>
  );
}

/** Code with the numbers of its lines, some of them marked. */
export function Source({ source, first, last }: { source: string; first?: number; last?: number }): JSX.Element {
  return (
    <pre className="tb-Source" tabIndex={0}>
      {source.split('\n').map((line, n) => {
        const isMarked = first !== undefined && n + 1 >= first && n + 1 <= (last ?? first);
        const Line = isMarked ? 'mark' : 'span';
        return (
          <Line key={n} className="tb-Source-line">
            <span className="tb-Source-number" aria-hidden="true">
              {n + 1}
            </span>
            {line}
            {'\n'}
          </Line>
        );
      })}
    </pre>
  );
}
