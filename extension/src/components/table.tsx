import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IHeaderProps, TableHeader } from './table_header';
import { nearby, useWindow } from './table_window';

export const ROW_HEIGHT = 24;
export const NARROWEST = 24;
const WIDTH = 110;
const NARROW = 340;

/** A column: what it is called, and what it shows of a row. */
export interface IColumn<Row> {
  readonly id: string;
  readonly label: string;
  /** What is said on hover, where the label alone doesn't tell. */
  readonly title?: string;
  /** Its width in pixels until somebody changes it. */
  readonly width?: number;
  /** The same where the table is narrow, as in a side panel. */
  readonly narrowWidth?: number;
  /** Numbers stand at the end, so that they line up. */
  readonly align?: 'start' | 'end';
  readonly isSortable?: boolean;
  readonly render: (row: Row, state: IRowState) => React.ReactNode;
}

/** What a cell may want to know of its row. */
export interface IRowState {
  readonly index: number;
  /** Whether it is the row that keys go to: only its buttons are reached by Tab. */
  readonly isActive: boolean;
  readonly isSelected: boolean;
}

export interface ISort {
  readonly column: string;
  readonly isDescending: boolean;
}

export interface ITableProps<Row> {
  readonly trans: TranslationBundle;
  /** What the table lists, for screen readers. */
  readonly label: string;
  readonly columns: readonly IColumn<Row>[];
  /** All rows; those that are not there yet may be undefined (a sparse array), and are drawn as waiting. */
  readonly rows: readonly (Row | undefined)[];
  readonly keyOf: (row: Row) => string;
  /** The keys of the selected rows; without `onSelect`, rows can't be selected. */
  readonly selected?: ReadonlySet<string>;
  readonly onSelect?: (keys: ReadonlySet<string>) => void;
  /** A double click on a row, or Enter. */
  readonly onOpen?: (row: Row) => void;
  readonly onKeyDown?: (event: React.KeyboardEvent, row: Row | undefined) => void;
  readonly sort?: ISort | null;
  readonly onSort?: (column: string) => void;
  /** Widths that somebody chose, by column. */
  readonly widths?: Readonly<Record<string, number>>;
  readonly onResize?: (column: string, width: number) => void;
  /** A column was moved to another's place; without it, they can't be. */
  readonly onMove?: (column: string, to: number) => void;
  /** Rows came into view: from `first` up to, not with, `end`. */
  readonly onShow?: (first: number, end: number) => void;
  /** Where rows stand beneath others: how deep a row is, from 1, and of those with others beneath whether they show. */
  readonly treeOf?: (row: Row) => { readonly level: number; readonly isExpanded?: boolean };
  readonly onExpand?: (row: Row, isExpanded: boolean) => void;
  readonly rowHeight?: number;
  readonly className?: string;
  readonly rowClass?: (row: Row) => string;
  /** When it changes, the first row comes into view: another list is shown. */
  readonly topWhen?: unknown;
}

/**
 * A table of any number of rows: only those in view are in the page.
 *
 * Arrow keys, Page up and down, Home and End go from row to row; Enter opens, Space selects, Shift with an arrow
 * selects on; the right and left arrows show and hide what stands beneath a row. In the header arrow keys go from
 * column to column; Enter sorts, Alt with an arrow moves, Shift with one resizes.
 */
export function Table<Row>(props: ITableProps<Row>): JSX.Element {
  const { columns, rows, rowHeight = ROW_HEIGHT, selected, onSelect, onShow, topWhen } = props;
  const keyAt = (index: number): string | null => keyOfRow(props, index);
  const view = useWindow(rows.length, rowHeight, topWhen, keyAt);
  const [at, setActive] = useActive(rows.length, topWhen, keyAt);
  const anchor = React.useRef(0);
  const base = React.useId();
  const { first, end } = view;
  React.useEffect(() => onShow?.(first, end), [first, end, onShow]);

  const go = (to: number, isExtending: boolean): void => {
    const index = Math.max(0, Math.min(rows.length - 1, to));
    setActive(index);
    view.reveal(index);
    if (isExtending && onSelect) {
      onSelect(between(props, anchor.current, index));
    } else {
      anchor.current = index;
    }
  };
  const choose = (index: number, how: { isToggling: boolean; isExtending: boolean }): void => {
    setActive(index);
    if (onSelect) {
      onSelect(chosen(props, index, anchor.current, how));
    }
    if (!how.isExtending) {
      anchor.current = index;
    }
  };
  const press = (event: React.KeyboardEvent): void => {
    if (event.target !== event.currentTarget) {
      return;
    }
    if (event.ctrlKey || event.metaKey) {
      if (event.key.toLowerCase() === 'a' && onSelect) {
        event.preventDefault();
        onSelect(between(props, 0, rows.length - 1));
      }
      return;
    }
    const to = target(event.key, at, rows.length, Math.max(1, end - first - 2));
    if (to !== null && !event.altKey) {
      event.preventDefault();
      go(to, event.shiftKey);
    } else if (rows[at] !== undefined && isExpanding(props, rows[at], event.key)) {
      event.preventDefault();
      props.onExpand?.(rows[at], event.key === 'ArrowRight');
    } else if (event.key === 'Enter' && !event.shiftKey && rows[at] !== undefined) {
      event.preventDefault();
      props.onOpen?.(rows[at]);
    } else if (event.key === ' ' && onSelect) {
      event.preventDefault();
      choose(at, { isToggling: true, isExtending: event.shiftKey });
    } else if (event.key === 'Escape' && selected && selected.size > 0 && onSelect) {
      onSelect(new Set());
    } else {
      props.onKeyDown?.(event, rows[at]);
    }
  };
  const widths = columns.map(column => widthOf(props, column, view.width));
  const handlers = React.useRef<IRowHandlers<Row>>({ choose, open: undefined });
  handlers.current = { choose, open: props.onOpen };
  const Drawn = TableRow as React.ComponentType<IRowProps<Row>>;
  const tracks = widths.map(width => `${width}px`).join(' ');
  const isActiveDrawn = at >= first && at < end && rows.length > 0;
  return (
    <div className={`tb-Table ${props.className ?? ''}`} ref={view.scroller} onScroll={view.onScroll}>
      <div
        className="tb-Table-grid"
        role={props.treeOf ? 'treegrid' : 'grid'}
        aria-label={props.label}
        aria-rowcount={rows.length + 1}
        aria-colcount={columns.length}
        aria-multiselectable={onSelect !== undefined}
        aria-activedescendant={isActiveDrawn ? `${base}${at}` : undefined}
        tabIndex={0}
        onKeyDown={press}
        style={{ '--tb-tracks': `${tracks} minmax(0, 1fr)`, '--tb-row': `${rowHeight}px` } as React.CSSProperties}
      >
        <TableHeader {...headerProps(props, widths)} />
        <div className="tb-Table-body" role="rowgroup" style={{ height: rows.length * rowHeight }}>
          {Array.from({ length: end - first }, (_, offset) => first + offset).map(index => (
            <Drawn
              key={keyAt(index) ?? `waiting-${index}`}
              id={`${base}${index}`}
              columns={columns}
              row={rows[index]}
              {...stateOf(props, index, at)}
              {...treeOfRow(props, rows[index])}
              look={rowLook(props, index, at)}
              top={index * rowHeight}
              handlers={handlers}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

type Choose = (index: number, how: { isToggling: boolean; isExtending: boolean }) => void;

interface IRowHandlers<Row> {
  readonly choose: Choose;
  readonly open: ((row: Row) => void) | undefined;
}

interface IRowProps<Row> extends IRowState {
  readonly id: string;
  readonly columns: readonly IColumn<Row>[];
  readonly row: Row | undefined;
  readonly isSelectable: boolean;
  readonly level?: number;
  readonly isExpanded?: boolean;
  readonly look: string;
  readonly top: number;
  /** What to do, the same object always, so that a row is drawn anew only when something of it changes. */
  readonly handlers: React.MutableRefObject<IRowHandlers<Row>>;
}

const TableRow = React.memo(function TableRow<Row>(props: IRowProps<Row>): JSX.Element {
  const { columns, handlers, index, isActive, isSelected, row } = props;
  const state = { index, isActive, isSelected };
  const choose: Choose = (at, how) => handlers.current.choose(at, how);
  return (
    <div
      id={props.id}
      role="row"
      className={props.look}
      aria-rowindex={index + 2}
      aria-selected={props.isSelectable ? isSelected : undefined}
      aria-busy={row === undefined}
      aria-level={props.level}
      aria-expanded={props.isExpanded}
      style={{ transform: `translateY(${props.top}px)` }}
      onClick={event => choose(index, { isToggling: event.ctrlKey || event.metaKey, isExtending: event.shiftKey })}
      onDoubleClick={() => row !== undefined && handlers.current.open?.(row)}
      onContextMenu={() => isSelected || choose(index, { isToggling: false, isExtending: false })}
    >
      {columns.map((column, at) => (
        <div
          key={column.id}
          role="gridcell"
          aria-colindex={at + 1}
          className={column.align === 'end' ? 'tb-Table-cell tb-mod-end' : 'tb-Table-cell'}
        >
          {row === undefined ? <span className="tb-Table-waiting" /> : column.render(row, state)}
        </div>
      ))}
    </div>
  );
});

function treeOfRow<Row>({ treeOf }: ITableProps<Row>, row: Row | undefined): { level?: number; isExpanded?: boolean } {
  return row !== undefined && treeOf ? treeOf(row) : {};
}

function rowLook<Row>(table: ITableProps<Row>, index: number, active: number): string {
  const state = stateOf(table, index, active);
  const row = table.rows[index];
  const classes = ['tb-Table-row'];
  if (state.isSelected) {
    classes.push('tb-mod-selected');
  }
  if (state.isActive) {
    classes.push('tb-mod-active');
  }
  if (row !== undefined && table.rowClass) {
    classes.push(table.rowClass(row));
  }
  return classes.join(' ');
}

function stateOf<Row>(
  { keyOf, onSelect, rows, selected }: ITableProps<Row>,
  index: number,
  active: number
): IRowState & { readonly isSelectable: boolean } {
  const row = rows[index];
  return {
    index,
    isSelectable: onSelect !== undefined,
    isActive: index === active,
    isSelected: row !== undefined && (selected?.has(keyOf(row)) ?? false)
  };
}

function headerProps<Row>(props: ITableProps<Row>, widths: readonly number[]): IHeaderProps {
  const { columns, onMove, onResize, onSort, sort, trans } = props;
  return { columns, widths, onMove, onResize, onSort, sort: sort ?? null, trans };
}

function widthOf<Row>({ widths }: ITableProps<Row>, column: IColumn<Row>, ofTable: number): number {
  const own = (ofTable < NARROW ? column.narrowWidth : undefined) ?? column.width ?? WIDTH;
  return Math.max(NARROWEST, widths?.[column.id] ?? own);
}

/** The row that keys go to. It stays the same row where others come in above it. */
function useActive(
  count: number,
  topWhen: unknown,
  keyAt: (index: number) => string | null
): [number, (index: number) => void] {
  const [active, setActive] = React.useState<{ index: number; key: string | null; list: unknown }>({
    index: 0,
    key: null,
    list: topWhen
  });
  const set = (index: number): void => setActive({ index, key: keyAt(index), list: topWhen });
  const last = Math.max(0, count - 1);
  if (active.list !== topWhen) {
    return [0, set];
  }
  const isSame = active.key === null || keyAt(active.index) === active.key;
  const found = isSame ? active.index : (nearby(active.index, active.key, keyAt) ?? active.index);
  return [Math.min(found, last), set];
}

function isExpanding<Row>({ onExpand, treeOf }: ITableProps<Row>, row: Row, key: string): boolean {
  const isExpanded = treeOf?.(row).isExpanded;
  return onExpand !== undefined && isExpanded !== undefined && key === (isExpanded ? 'ArrowLeft' : 'ArrowRight');
}

function keyOfRow<Row>({ keyOf, rows }: ITableProps<Row>, index: number): string | null {
  const row = rows[index];
  return row === undefined ? null : keyOf(row);
}

function between<Row>({ keyOf, rows }: ITableProps<Row>, one: number, other: number): ReadonlySet<string> {
  const found = rows.slice(Math.min(one, other), Math.max(one, other) + 1);
  return new Set(found.flatMap(row => (row === undefined ? [] : [keyOf(row)])));
}

function chosen<Row>(
  props: ITableProps<Row>,
  index: number,
  anchor: number,
  { isToggling, isExtending }: { isToggling: boolean; isExtending: boolean }
): ReadonlySet<string> {
  if (isExtending) {
    return between(props, anchor, index);
  }
  const key = keyOfRow(props, index);
  if (key === null || !isToggling) {
    return new Set(key === null ? [] : [key]);
  }
  const keys = new Set(props.selected);
  if (!keys.delete(key)) {
    keys.add(key);
  }
  return keys;
}

function target(key: string, at: number, count: number, page: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return at - 1;
    case 'PageDown':
      return at + page;
    case 'PageUp':
      return at - page;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
