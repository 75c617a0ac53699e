import * as React from 'react';

import { failureOf } from '../core/answer';

/** What came of the last thing that a person asked for. */
export interface ISaid {
  readonly text: string;
  readonly isFailure: boolean;
}

export interface ISaying {
  readonly said: ISaid | null;
  readonly say: (text: string) => void;
  /** Do something; what goes wrong is said. Return whether it went well. */
  readonly attempt: (act: () => Promise<string | void>) => Promise<boolean>;
  readonly forget: () => void;
}

/** Keep what is to be said of what was done. */
export function useSaying(): ISaying {
  const [said, setSaid] = React.useState<ISaid | null>(null);
  return React.useMemo(
    () => ({
      said,
      say: (text: string) => setSaid({ text, isFailure: false }),
      forget: () => setSaid(null),
      attempt: async (act: () => Promise<string | void>) => {
        try {
          const text = await act();
          setSaid(text ? { text, isFailure: false } : null);
          return true;
        } catch (error) {
          setSaid({ text: failureOf(error).message, isFailure: true });
          return false;
        }
      }
    }),
    [said]
  );
}

/** What is to be said, until somebody has read it. */
export function Said({ saying, closeLabel }: { saying: ISaying; closeLabel: string }): JSX.Element {
  const { said } = saying;
  return (
    <div className="tb-Said-place" role="status">
      {said !== null && (
        <div className={said.isFailure ? 'tb-Said tb-mod-failure' : 'tb-Said'}>
          <span>
            {said.isFailure && <span aria-hidden="true">✗ </span>}
            {said.text}
          </span>
          <button className="tb-IconButton" aria-label={closeLabel} title={closeLabel} onClick={saying.forget}>
            ×
          </button>
        </div>
      )}
    </div>
  );
}
