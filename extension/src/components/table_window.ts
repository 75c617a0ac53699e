import * as React from 'react';

const OVERSCAN = 8;
const UNMEASURED = 600;

/** Which rows are in view, and how to bring one there. */
export interface IWindow {
  readonly scroller: React.RefObject<HTMLDivElement>;
  readonly onScroll: () => void;
  readonly first: number;
  readonly end: number;
  readonly reveal: (index: number) => void;
}

/** Follow a scrolled box: which of `count` rows of one height it shows, with a few more on both sides. */
export function useWindow(count: number, rowHeight: number, topWhen: unknown): IWindow {
  const scroller = React.useRef<HTMLDivElement>(null);
  const [place, setPlace] = React.useState({ top: 0, height: UNMEASURED });
  const measure = React.useCallback(() => {
    const box = scroller.current;
    if (box) {
      const next = { top: stepped(box.scrollTop, rowHeight), height: box.clientHeight || UNMEASURED };
      setPlace(last => (last.top === next.top && last.height === next.height ? last : next));
    }
  }, [rowHeight]);
  React.useLayoutEffect(() => {
    measure();
    const box = scroller.current;
    if (!box) {
      return;
    }
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, [measure]);
  React.useLayoutEffect(measure, [measure, count]);
  React.useLayoutEffect(() => {
    if (scroller.current) {
      scroller.current.scrollTop = 0;
    }
  }, [topWhen]);
  const first = Math.max(0, Math.min(Math.floor(place.top / rowHeight) - OVERSCAN, count));
  const end = Math.min(count, Math.ceil((place.top + place.height) / rowHeight) + OVERSCAN);
  const reveal = (index: number): void => {
    const box = scroller.current;
    if (!box) {
      return;
    }
    const [top, bottom] = [index * rowHeight, (index + 2) * rowHeight];
    if (top < box.scrollTop) {
      box.scrollTop = top;
    } else if (bottom > box.scrollTop + box.clientHeight) {
      box.scrollTop = bottom - box.clientHeight;
    }
  };
  return { scroller, onScroll: measure, first, end: Math.max(first, end), reveal };
}

/** Scrolling within a few rows draws nothing anew. */
function stepped(top: number, rowHeight: number): number {
  const step = 4 * rowHeight;
  return Math.floor(top / step) * step;
}
