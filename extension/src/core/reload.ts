import * as React from 'react';

/** Ask again when something else changes; the first time it was asked anyway. */
export function useReload(reload: () => void, when: string | number): void {
  const last = React.useRef(when);
  React.useEffect(() => {
    if (last.current !== when) {
      last.current = when;
      reload();
    }
  }, [reload, when]);
}
