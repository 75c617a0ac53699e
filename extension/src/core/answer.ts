import * as React from 'react';

import { IContext } from './context';
import { INews } from './live';
import { ApiError, QueryValues, request } from './request';
import { Shown } from './shown';

/** What is known of a question to the server. While it is asked again, the last answer stays. */
export interface IAnswer<Value> {
  readonly value: Value | null;
  readonly failure: ApiError | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

export interface IAsking {
  /** Ask again when the store changes; of what never changes, say false. */
  readonly isLive?: boolean;
  /** Whether to ask again for such news; all if not given. */
  readonly concerns?: (news: INews) => boolean;
  /** Whether to ask at all. */
  readonly isWanted?: boolean;
}

/**
 * Ask a route, and ask again when what was asked changes, the store does, or it is shown after it was hidden.
 *
 * Answers that come late, after another question, are dropped. One question is under way at a time: news that come
 * meanwhile lead to one more, not to many.
 */
export function useAnswer<Value>(
  context: IContext,
  path: string,
  query: QueryValues = {},
  { isLive = true, concerns, isWanted = true }: IAsking = {}
): IAnswer<Value> {
  const [state, setState] = React.useState<Omit<IAnswer<Value>, 'reload'>>({
    value: null,
    failure: null,
    isLoading: true
  });
  const key = JSON.stringify([path, query]);
  const isShown = React.useContext(Shown);
  const ask = React.useRef<() => void>(() => undefined);
  React.useEffect(() => {
    if (!isWanted || !isShown) {
      return;
    }
    const aborter = new AbortController();
    let isAsking = false;
    let isAgain = false;
    const go = async (): Promise<void> => {
      if (isAsking) {
        isAgain = true;
        return;
      }
      isAsking = true;
      setState(last => ({ ...last, isLoading: true }));
      try {
        const value = await request<Value>(path, query, { signal: aborter.signal });
        if (!aborter.signal.aborted) {
          setState({ value, failure: null, isLoading: false });
        }
      } catch (error) {
        if (!aborter.signal.aborted) {
          setState(last => ({ ...last, failure: failureOf(error), isLoading: false }));
        }
      }
      isAsking = false;
      if (isAgain && !aborter.signal.aborted) {
        isAgain = false;
        void go();
      }
    };
    ask.current = () => void go();
    void go();
    const hear = (_: unknown, news: INews): void => {
      if (concerns?.(news) ?? true) {
        void go();
      }
    };
    const leave = isLive ? context.live.listen() : () => undefined;
    if (isLive) {
      context.live.news.connect(hear);
    }
    return () => {
      aborter.abort();
      context.live.news.disconnect(hear);
      leave();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for the path and the query
  }, [key, isLive, isWanted, isShown, context]);
  return { ...state, reload: React.useCallback(() => ask.current(), []) };
}

/** Return any error as one that can be shown. */
export function failureOf(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return error;
  }
  return new ApiError(0, 'NoAnswer', error instanceof Error ? error.message : String(error));
}

/** The path of the notebook or folder that is shown. */
export function usePlace(context: IContext): string {
  const { place } = context;
  const subscribe = React.useCallback(
    (hear: () => void) => {
      place.changed.connect(hear);
      return () => {
        place.changed.disconnect(hear);
      };
    },
    [place]
  );
  return React.useSyncExternalStore(subscribe, () => place.path);
}
