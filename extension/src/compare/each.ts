import * as React from 'react';

import { failureOf } from '../core/answer';
import { IContext } from '../core/context';
import { ApiError, QueryValues, request } from '../core/request';
import { Shown } from '../core/shown';

/** What several routes answered: a value or a failure of each, in the order in which they were asked for. */
export interface IEach<Value> {
  readonly answers: readonly (Value | ApiError)[] | null;
}

/** Ask several routes at once, and again when the store changes, as long as it is seen. */
export function useEach<Value>(
  context: IContext,
  paths: readonly string[],
  query: QueryValues,
  isWanted = true
): IEach<Value> {
  const [answers, setAnswers] = React.useState<readonly (Value | ApiError)[] | null>(null);
  const isShown = React.useContext(Shown);
  const key = JSON.stringify([paths, query]);
  React.useEffect(() => {
    if (!isWanted || !isShown) {
      return;
    }
    const aborter = new AbortController();
    let isAsking = false;
    let isAgain = false;
    const ask = async (): Promise<void> => {
      if (isAsking) {
        isAgain = true;
        return;
      }
      isAsking = true;
      do {
        isAgain = false;
        const found = await Promise.all(
          paths.map(path => request<Value>(path, query, { signal: aborter.signal }).catch(failureOf))
        );
        if (!aborter.signal.aborted) {
          setAnswers(found);
        }
      } while (isAgain && !aborter.signal.aborted);
      isAsking = false;
    };
    const hear = (): void => void ask();
    const leave = context.live.listen();
    context.live.news.connect(hear);
    void ask();
    return () => {
      aborter.abort();
      context.live.news.disconnect(hear);
      leave();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for the paths and the query
  }, [key, isWanted, isShown, context]);
  return { answers };
}
