import * as React from 'react';

import { ApiError } from '../core/request';
import { unitsOf } from './query';

export interface IQueryMistakeProps {
  readonly id: string;
  readonly query: string;
  readonly mistake: ApiError;
  /** Put the cursor to the place of the mistake. */
  readonly onGo: (position: number) => void;
}

/** The query once more, with its mistake marked, and what is wrong beneath it. */
export function QueryMistake({ id, query, mistake, onGo }: IQueryMistakeProps): JSX.Element {
  const position = mistake.position === null ? null : unitsOf(query, mistake.position);
  return (
    <div id={id} className="tb-Query-mistake" role="alert">
      {position !== null && (
        <button className="tb-Query-place" tabIndex={-1} onClick={() => onGo(position)}>
          {marked(query, position)}
        </button>
      )}
      <span>{mistake.message}</span>
    </div>
  );
}

/** At the end of a query, where something is missing, a space is marked. */
function marked(query: string, position: number): JSX.Element {
  const rest = query.slice(position);
  const wrong = /^(?:"[^"]*"?|'[^']*'?|`[^`]*`?|[\w.]+|\S)/u.exec(rest)?.[0] ?? '';
  return (
    <code>
      {query.slice(0, position)}
      <mark>{wrong || '\u00a0\u00a0'}</mark>
      {rest.slice(wrong.length)}
    </code>
  );
}
