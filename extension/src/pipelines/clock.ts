import * as React from 'react';

import { Shown } from '../core/shown';

const SECOND = 1000;

/** Return the time in milliseconds, a new one each second while something is at work and seen. */
export function useNow(isLive: boolean): number {
  const isShown = React.useContext(Shown);
  const [now, setNow] = React.useState(Date.now);
  React.useEffect(() => {
    if (!isLive || !isShown) {
      return;
    }
    setNow(Date.now());
    const timer = window.setInterval(() => setNow(Date.now()), SECOND);
    return () => window.clearInterval(timer);
  }, [isLive, isShown]);
  return now;
}
