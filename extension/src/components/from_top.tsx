import * as React from 'react';

/** Content that begins at its top: where another one was scrolled to is nothing to it. */
export function FromTop({ className, children }: { className: string; children: React.ReactNode }): JSX.Element {
  const place = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    const scroller = place.current?.parentElement;
    if (scroller) {
      scroller.scrollTop = 0;
    }
  }, []);
  return (
    <div ref={place} className={className}>
      {children}
    </div>
  );
}
