import * as React from 'react';

import { ICompletions } from './api';

const PAUSE_MILLISECONDS = 80;

/** Asks what can stand at a place of a query. */
export type IAskCompletions = (query: string, position: number, signal: AbortSignal) => Promise<ICompletions>;

export interface ICompleting {
  readonly completions: ICompletions | null;
  /** Which of them is marked, null for none. */
  readonly marked: number | null;
  readonly want: (query: string, position: number) => void;
  readonly mark: (at: number) => void;
  readonly close: () => void;
}

/** Ask for completions after a pause in typing; answers to what was written before are dropped. */
export function useCompletions(ask: IAskCompletions): ICompleting {
  const [completions, setCompletions] = React.useState<ICompletions | null>(null);
  const [marked, setMarked] = React.useState<number | null>(null);
  const asked = React.useRef<{ timer: number; aborter: AbortController } | null>(null);
  const stop = React.useCallback(() => {
    window.clearTimeout(asked.current?.timer);
    asked.current?.aborter.abort();
    asked.current = null;
  }, []);
  React.useEffect(() => stop, [stop]);
  const close = React.useCallback(() => {
    stop();
    setCompletions(null);
    setMarked(null);
  }, [stop]);
  const want = React.useCallback(
    (query: string, position: number) => {
      stop();
      const aborter = new AbortController();
      const go = async (): Promise<void> => {
        const found = await ask(query, position, aborter.signal).catch(() => null); // the list of runs tells why
        if (!aborter.signal.aborted) {
          setCompletions(found);
          setMarked(null);
        }
      };
      asked.current = { timer: window.setTimeout(() => void go(), PAUSE_MILLISECONDS), aborter };
    },
    [ask, stop]
  );
  return { completions, marked, want, mark: setMarked, close };
}
