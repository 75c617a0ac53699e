import { nullTranslator } from '@jupyterlab/translation';
import { createEvent, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import { IColumn, ITableProps, Table } from './table';

interface IFruit {
  id: string;
  price: number;
}

const trans = nullTranslator.load('trackbook');
const columns: IColumn<IFruit>[] = [
  { id: 'id', label: 'Fruit', render: row => row.id },
  { id: 'price', label: 'Price', align: 'end', isSortable: true, render: row => row.price }
];

function fruits(count: number): IFruit[] {
  return Array.from({ length: count }, (_, at) => ({ id: `fruit-${at}`, price: at }));
}

function show(props: Partial<ITableProps<IFruit>> = {}): HTMLElement {
  render(<Shelf {...props} />);
  return screen.getByRole('grid', { name: 'Fruits' });
}

/** A table that keeps its selection, as its owners do. */
function Shelf(props: Partial<ITableProps<IFruit>>): JSX.Element {
  const [selected, setSelected] = React.useState<ReadonlySet<string>>(new Set());
  return (
    <Table
      trans={trans}
      label="Fruits"
      columns={columns}
      rows={fruits(4)}
      keyOf={row => row.id}
      selected={selected}
      onSelect={setSelected}
      {...props}
    />
  );
}

function selectedIn(grid: HTMLElement): (string | undefined)[] {
  return within(grid)
    .queryAllByRole('row', { selected: true })
    .map(row => row.firstElementChild?.textContent ?? undefined);
}

test('of ten thousand rows only those in view are in the page', () => {
  const grid = show({ rows: fruits(10_000) });

  expect(within(grid).getAllByRole('row').length).toBeLessThan(60);
  expect(grid.getAttribute('aria-rowcount')).toBe('10001');
});

test('scrolling brings other rows into view and tells which', () => {
  const onShow = jest.fn();
  const grid = show({ rows: fruits(10_000), onShow });
  const scroller = grid.parentElement as HTMLElement;

  scroller.scrollTop = 24 * 5000;
  fireEvent.scroll(scroller);

  expect(within(grid).getByText('fruit-5000')).toBeTruthy();
  expect(within(grid).queryByText('fruit-0')).toBeNull();
  const [first, end] = onShow.mock.lastCall;
  expect(first).toBeLessThan(5000);
  expect(end).toBeGreaterThan(5000);
});

test('rows that are not there yet are drawn as waiting', () => {
  const rows: (IFruit | undefined)[] = [...fruits(1), undefined];
  const grid = show({ rows });

  const waiting = within(grid).getAllByRole('row')[2];

  expect(waiting.getAttribute('aria-busy')).toBe('true');
});

test('clicks select one, with control several, with shift a range', () => {
  const grid = show();
  const row = (at: number): HTMLElement => within(grid).getByText(`fruit-${at}`);

  fireEvent.click(row(0));
  fireEvent.click(row(2), { ctrlKey: true });
  expect(selectedIn(grid)).toEqual(['fruit-0', 'fruit-2']);

  fireEvent.click(row(3), { shiftKey: true });
  expect(selectedIn(grid)).toEqual(['fruit-2', 'fruit-3']);
});

test('keys go from row to row, select and open', () => {
  const onOpen = jest.fn();
  const grid = show({ onOpen });

  fireEvent.keyDown(grid, { key: 'ArrowDown' });
  fireEvent.keyDown(grid, { key: ' ' });
  fireEvent.keyDown(grid, { key: 'ArrowDown', shiftKey: true });
  fireEvent.keyDown(grid, { key: 'Enter' });

  expect(selectedIn(grid)).toEqual(['fruit-1', 'fruit-2']);
  expect(onOpen).toHaveBeenCalledWith({ id: 'fruit-2', price: 2 });
  const active = document.getElementById(grid.getAttribute('aria-activedescendant') ?? '');
  expect(active?.textContent).toContain('fruit-2');
});

test('control and A select all rows that are there, and control with Enter opens nothing', () => {
  const onOpen = jest.fn();
  const grid = show({ onOpen, rows: [...fruits(2), undefined] });

  fireEvent.keyDown(grid, { key: 'a', ctrlKey: true });
  fireEvent.keyDown(grid, { key: 'Enter', ctrlKey: true });

  expect(selectedIn(grid)).toEqual(['fruit-0', 'fruit-1']);
  expect(onOpen).not.toHaveBeenCalled();
});

test('only sortable headings sort, and say how', () => {
  const onSort = jest.fn();
  const grid = show({ onSort, sort: { column: 'price', isDescending: true } });

  fireEvent.click(within(grid).getByRole('button', { name: /Fruit/ }));
  fireEvent.click(within(grid).getByRole('button', { name: /Price/ }));

  expect(onSort.mock.calls).toEqual([['price']]);
  expect(within(grid).getByRole('columnheader', { name: /Price/ }).getAttribute('aria-sort')).toBe('descending');
});

test('columns are moved and resized by keys', () => {
  const onMove = jest.fn();
  const onResize = jest.fn();
  const grid = show({ onMove, onResize, widths: { id: 100 } });
  const heading = within(grid).getByRole('button', { name: /Fruit/ });

  fireEvent.keyDown(heading, { key: 'ArrowRight', altKey: true });
  fireEvent.keyDown(heading, { key: 'ArrowRight', shiftKey: true });

  expect(onMove).toHaveBeenCalledWith('id', 1);
  expect(onResize).toHaveBeenCalledWith('id', 116);
});

test('a column that is dropped on another takes its place', () => {
  const onMove = jest.fn();
  const grid = show({ onMove });
  const head = within(grid).getByRole('columnheader', { name: /Price/ });
  const dropped = createEvent.drop(head);
  Object.defineProperty(dropped, 'dataTransfer', { value: { getData: () => 'id', types: [] } });

  fireEvent(head, dropped);

  expect(onMove).toHaveBeenCalledWith('id', 1);
});

test('rows that come in above leave in view what was in view, and the active row active', () => {
  const fixed = fruits(1000);
  const props = { trans, label: 'Fruits', columns, keyOf: (row: IFruit) => row.id };
  const { rerender } = render(<Table {...props} rows={fixed} />);
  const grid = screen.getByRole('grid');
  const scroller = grid.parentElement as HTMLElement;
  scroller.scrollTop = 2400;
  fireEvent.scroll(scroller);
  fireEvent.click(screen.getByText('fruit-101'));

  rerender(<Table {...props} rows={[{ id: 'new', price: 0 }, ...fixed]} />);

  expect(scroller.scrollTop).toBe(2424);
  const active = document.getElementById(grid.getAttribute('aria-activedescendant') ?? '');
  expect(active?.textContent).toContain('fruit-101');
});

test('arrows show and hide what stands beneath a row', () => {
  const onExpand = jest.fn();
  const treeOf = (row: IFruit): { level: number; isExpanded?: boolean } =>
    row.price === 0 ? { level: 1, isExpanded: false } : { level: 2 };
  render(
    <Table
      trans={trans}
      label="Fruits"
      columns={columns}
      rows={fruits(2)}
      keyOf={row => row.id}
      treeOf={treeOf}
      onExpand={onExpand}
    />
  );
  const grid = screen.getByRole('treegrid');

  fireEvent.keyDown(grid, { key: 'ArrowLeft' });
  fireEvent.keyDown(grid, { key: 'ArrowRight' });

  expect(onExpand.mock.calls).toEqual([[{ id: 'fruit-0', price: 0 }, true]]);
  expect(screen.getAllByRole('row').map(row => row.getAttribute('aria-level'))).toEqual([null, '1', '2']);
});
