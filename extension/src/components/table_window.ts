import * as React from 'react';

const OVERSCAN = 8;
const UNMEASURED = 600;
const NEAR = 200;

/** Which rows are in view, and how to bring one there. */
export interface IWindow {
  readonly scroller: React.RefObject<HTMLDivElement>;
  readonly onScroll: () => void;
  readonly first: number;
  readonly end: number;
  readonly reveal: (index: number) => void;
  /** The width of the box, in pixels. */
  readonly width: number;
}

/**
 * Follow a scrolled box: which of `count` rows of one height it shows, with a few more on both sides.
 *
 * Where rows come in above, it is scrolled along, so that what is read stays at its place; at its top, new ones show.
 */
export function useWindow(
  count: number,
  rowHeight: number,
  topWhen: unknown,
  keyAt: (index: number) => string | null
): IWindow {
  const scroller = React.useRef<HTMLDivElement>(null);
  useAnchor(scroller, count, rowHeight, keyAt);
  const [place, setPlace] = React.useState({ top: 0, height: UNMEASURED, width: UNMEASURED });
  const measure = React.useCallback(() => {
    const box = scroller.current;
    if (box) {
      const next = {
        top: stepped(box.scrollTop, rowHeight),
        height: box.clientHeight || UNMEASURED,
        width: box.clientWidth || UNMEASURED
      };
      setPlace(last => (JSON.stringify(last) === JSON.stringify(next) ? last : next));
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
  return { scroller, onScroll: measure, first, end: Math.max(first, end), reveal, width: place.width };
}

/** Return where a row with a key stands now that stood at an index before, null if it is not near. */
export function nearby(index: number, key: string | null, keyAt: (index: number) => string | null): number | null {
  for (let away = 0; away <= NEAR; away += 1) {
    for (const at of [index + away, index - away]) {
      if (at >= 0 && keyAt(at) === key) {
        return at;
      }
    }
  }
  return null;
}

function useAnchor(
  scroller: React.RefObject<HTMLDivElement>,
  count: number,
  rowHeight: number,
  keyAt: (index: number) => string | null
): void {
  const before = React.useRef({ count, keyAt });
  React.useLayoutEffect(() => {
    const box = scroller.current;
    const { count: counted, keyAt: keyBefore } = before.current;
    before.current = { count, keyAt };
    if (!box || count === counted || box.scrollTop === 0) {
      return; // the page is laid out to say where it is scrolled to: not asked with each drawing
    }
    const first = Math.floor(box.scrollTop / rowHeight);
    const key = keyBefore(first);
    const now = key === null ? null : nearby(first, key, keyAt);
    if (now !== null && now !== first && Math.abs(now - first) <= Math.abs(count - counted)) {
      box.scrollTop += (now - first) * rowHeight;
    }
  });
}

/** Scrolling within a few rows draws nothing anew. */
function stepped(top: number, rowHeight: number): number {
  const step = 4 * rowHeight;
  return Math.floor(top / step) * step;
}
