import * as React from 'react';

export interface ITabLabel {
  readonly id: string;
  readonly label: string;
  /** How many of them there are, shown beside the label. */
  readonly count?: number;
}

export interface ITabsProps {
  /** What the tabs are about, for screen readers. */
  readonly label: string;
  readonly tabs: readonly ITabLabel[];
  readonly shown: string;
  readonly onShow: (id: string) => void;
  /** The content of the tab that is shown. */
  readonly children: React.ReactNode;
}

/** Tabs and the content of the one shown. Arrow keys, Home and End go from tab to tab. */
export function Tabs({ label, tabs, shown, onShow, children }: ITabsProps): JSX.Element {
  const base = React.useId();
  const list = React.useRef<HTMLDivElement>(null);
  const at = Math.max(
    0,
    tabs.findIndex(tab => tab.id === shown)
  );
  const move = (event: React.KeyboardEvent): void => {
    const to = target(event.key, at, tabs.length);
    if (to !== null) {
      event.preventDefault();
      onShow(tabs[to].id);
      list.current?.querySelectorAll<HTMLElement>('[role="tab"]')[to]?.focus();
    }
  };
  const current = tabs[at];
  return (
    <>
      <div ref={list} className="tb-Tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map(tab => (
          <button
            key={tab.id}
            role="tab"
            id={`${base}${tab.id}`}
            aria-selected={tab === current}
            aria-controls={`${base}content`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => onShow(tab.id)}
          >
            {tab.label}
            {tab.count !== undefined && <span className="tb-Tabs-count">{tab.count}</span>}
          </button>
        ))}
      </div>
      {current && (
        <div
          id={`${base}content`}
          className="tb-TabContent"
          role="tabpanel"
          aria-labelledby={`${base}${current.id}`}
        >
          {children}
        </div>
      )}
    </>
  );
}

function target(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowRight':
      return (at + 1) % count;
    case 'ArrowLeft':
      return (at - 1 + count) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
