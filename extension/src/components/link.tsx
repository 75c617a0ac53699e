import * as React from 'react';

/** A name in a row of a table that opens what it names; Tab reaches only that of the current row. */
export function RowLink({
  children,
  isReachable,
  onOpen,
  title
}: {
  children: React.ReactNode;
  isReachable: boolean;
  onOpen: () => void;
  title?: string;
}): JSX.Element {
  return (
    <button
      className="tb-Link tb-RowLink"
      tabIndex={isReachable ? 0 : -1}
      title={title}
      onClick={event => {
        event.stopPropagation();
        onOpen();
      }}
    >
      {children}
    </button>
  );
}
