import * as React from 'react';

import { Message } from '../components/message';
import { SideBySide } from './table';
import { ICompared } from './view';

/** Python, packages and machine of the runs side by side: what differs, and all of it on request. */
export function EnvironmentDiff(compared: ICompared): JSX.Element {
  const { comparison, context } = compared;
  const { trans } = context;
  const [isWhole, setIsWhole] = React.useState(false);
  const all = comparison.rows.filter(row => row.section === 'environment');
  const different = all.filter(row => row.differs);
  if (all.length === 0) {
    return <Message>{trans.__('The environments of these runs are not on record.')}</Message>;
  }
  const rows = isWhole ? all : different;
  return (
    <>
      <div className="tb-Controls">
        <label>
          <input type="checkbox" checked={isWhole} onChange={event => setIsWhole(event.target.checked)} />
          {trans.__('Also what is the same')}
        </label>
        <span className="tb-mod-quiet">{trans.__('%1 of %2 differ', different.length, all.length)}</span>
      </div>
      {rows.length === 0 ? (
        <Message>{trans.__('All runs had the same environment: Python, packages, platform and machine.')}</Message>
      ) : (
        <SideBySide {...compared} sections={[{ title: trans.__('Environment'), rows }]} />
      )}
    </>
  );
}
