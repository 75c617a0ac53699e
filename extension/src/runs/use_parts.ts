import * as React from 'react';

import { Json } from '../components/format';
import { failureOf } from '../core/answer';
import { ApiError, QueryValues, request } from '../core/request';
import { IGrouping, IParts } from './api';

/** What is known of the parts of a group: still asked for, why they can't be told, or what they are. */
export type PartsOfGroup = 'asked' | ApiError | IParts;

/** Return what tells a group from others, as a text. */
export function groupKey(value: Json): string {
  return JSON.stringify(value);
}

/**
 * Ask for the parts of the groups that are open, of those alone: for them the code and data of their runs are read.
 *
 * They are asked for again with each new grouping; what was told stays meanwhile.
 */
export function useParts(
  query: QueryValues,
  grouping: IGrouping | null,
  open: ReadonlySet<string>
): ReadonlyMap<string, PartsOfGroup> {
  const [found, setFound] = React.useState<ReadonlyMap<string, PartsOfGroup>>(new Map());
  const asked = React.useRef(new Map<string, IGrouping>());
  const aborter = React.useRef<AbortController | null>(null);
  const question = JSON.stringify(query);
  React.useEffect(() => {
    const own = new AbortController();
    aborter.current = own;
    asked.current.clear();
    setFound(new Map());
    return () => own.abort();
  }, [question]);
  React.useEffect(() => {
    const signal = aborter.current?.signal;
    if (grouping === null || !signal) {
      return;
    }
    const put = (key: string, parts: PartsOfGroup): void => {
      if (!signal.aborted) {
        setFound(now => new Map(now).set(key, parts));
      }
    };
    for (const key of open) {
      if (asked.current.get(key) !== grouping) {
        asked.current.set(key, grouping);
        setFound(now => (now.has(key) ? now : new Map(now).set(key, 'asked')));
        request<IParts>('groups/parts', { ...query, value: key }, { signal }).then(
          parts => put(key, parts),
          error => put(key, failureOf(error))
        );
      }
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `question` stands for the query
  }, [question, grouping, open]);
  return found;
}
