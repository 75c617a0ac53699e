import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

const STEP = 16;
const LEAST_FOR_LABEL = 48;
const DRAGGED = 'application/x-trackbook-column';

/** What the header knows of a column. */
interface IHeading {
  readonly id: string;
  readonly label: string;
  readonly title?: string;
  readonly align?: 'start' | 'end';
  readonly isSortable?: boolean;
}

export interface IHeaderProps {
  readonly trans: TranslationBundle;
  readonly columns: readonly IHeading[];
  readonly widths: readonly number[];
  readonly sort: { readonly column: string; readonly isDescending: boolean } | null;
  readonly onSort?: (column: string) => void;
  readonly onResize?: (column: string, width: number) => void;
  readonly onMove?: (column: string, to: number) => void;
}

/** The row of a table's headings: sorts, resizes and moves columns, by pointer and by keys. */
export function TableHeader(props: IHeaderProps): JSX.Element {
  const { columns, widths, onMove, onResize, onSort } = props;
  const row = React.useRef<HTMLDivElement>(null);
  const [active, setActive] = React.useState(0);
  const [moved, setMoved] = React.useState<string | null>(null);
  const at = Math.min(active, columns.length - 1);
  const focus = (index: number): void => {
    const to = Math.max(0, Math.min(columns.length - 1, index));
    setActive(to);
    row.current?.querySelectorAll<HTMLElement>('.tb-Table-heading')[to]?.focus();
  };
  React.useEffect(() => {
    if (moved !== null) {
      focus(columns.findIndex(column => column.id === moved));
      setMoved(null);
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- focus follows a column once it is at its new place
  }, [columns]);
  const press = (event: React.KeyboardEvent, index: number): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) {
      return;
    }
    event.preventDefault();
    const { id } = columns[index];
    if (event.shiftKey) {
      onResize?.(id, widths[index] + step * STEP);
    } else if (!event.altKey) {
      focus(index + step);
    } else if (onMove && columns[index + step]) {
      setMoved(id);
      onMove(id, index + step);
    }
  };
  return (
    <div className="tb-Table-header" role="rowgroup">
      <div className="tb-Table-headings" role="row" aria-rowindex={1} ref={row}>
        {columns.map((column, index) => (
          <Heading
            key={column.id}
            {...props}
            column={column}
            index={index}
            isReachable={index === at}
            onKeyDown={event => press(event, index)}
            onSort={column.isSortable ? onSort : undefined}
            onFocus={() => setActive(index)}
          />
        ))}
      </div>
    </div>
  );
}

interface IHeadingProps extends IHeaderProps {
  readonly column: IHeading;
  readonly index: number;
  readonly isReachable: boolean;
  readonly onKeyDown: (event: React.KeyboardEvent) => void;
  readonly onFocus: () => void;
}

function Heading(props: IHeadingProps): JSX.Element {
  const { column, index, isReachable, onFocus, onKeyDown, onMove, onResize, onSort, sort, widths } = props;
  const order = sort?.column === column.id ? (sort.isDescending ? 'descending' : 'ascending') : 'none';
  const [isOver, setOver] = React.useState(false);
  return (
    <div
      role="columnheader"
      aria-colindex={index + 1}
      aria-sort={column.isSortable ? order : undefined}
      className={`tb-Table-head${column.align === 'end' ? ' tb-mod-end' : ''}${isOver ? ' tb-mod-over' : ''}`}
      onDragOver={event => {
        if (onMove && event.dataTransfer.types.includes(DRAGGED)) {
          event.preventDefault();
          setOver(true);
        }
      }}
      onDragLeave={() => setOver(false)}
      onDrop={event => {
        setOver(false);
        const dragged = event.dataTransfer.getData(DRAGGED);
        if (dragged && dragged !== column.id) {
          event.preventDefault();
          onMove?.(dragged, index);
        }
      }}
    >
      <button
        className="tb-Table-heading"
        tabIndex={isReachable ? 0 : -1}
        title={hint(props)}
        aria-label={column.label}
        draggable={onMove !== undefined}
        onDragStart={event => {
          event.dataTransfer.setData(DRAGGED, column.id);
          event.dataTransfer.effectAllowed = 'move';
        }}
        onClick={() => onSort?.(column.id)}
        onKeyDown={onKeyDown}
        onFocus={onFocus}
      >
        {widths[index] >= LEAST_FOR_LABEL && <span className="tb-Table-label">{column.label}</span>}
        {order !== 'none' && <span aria-hidden="true">{order === 'descending' ? ' ▾' : ' ▴'}</span>}
      </button>
      {onResize && <Grip width={widths[index]} onResize={width => onResize(column.id, width)} />}
    </div>
  );
}

/** The edge of a heading that is dragged; with keys, Shift and an arrow do the same. */
function Grip({ width, onResize }: { width: number; onResize: (width: number) => void }): JSX.Element {
  const start = React.useRef<{ x: number; width: number } | null>(null);
  return (
    <span
      className="tb-Table-grip"
      aria-hidden="true"
      onPointerDown={event => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        start.current = { x: event.clientX, width };
      }}
      onPointerMove={event => {
        if (start.current) {
          onResize(start.current.width + event.clientX - start.current.x);
        }
      }}
      onPointerUp={() => {
        start.current = null;
      }}
    />
  );
}

function hint({ column, onMove, onResize, onSort, trans }: IHeadingProps): string {
  const keys = [
    onSort && trans.__('Enter sorts'),
    onMove && trans.__('Alt+arrow moves'),
    onResize && trans.__('Shift+arrow resizes')
  ].filter(Boolean);
  return [column.title ?? column.label, keys.join(', ')].filter(Boolean).join('\n');
}
