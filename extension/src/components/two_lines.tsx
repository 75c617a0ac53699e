import * as React from 'react';

/** What a cell of a table says, and a quiet line beneath it; the row has to be high enough for both. */
export function TwoLines({ first, second }: { first: React.ReactNode; second: string }): JSX.Element {
  return (
    <span className="tb-TwoLines">
      <span>{first}</span>
      <span className="tb-mod-quiet" title={second}>
        {second}
      </span>
    </span>
  );
}

export const TWO_LINES_HEIGHT = 40;
