import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { Place } from '../core/place';
import { contextOf, Refusal, serve } from '../testing/server';
import { IDataset, ITableDiff, IVersion } from './api';
import { DataTab } from './tab';
import { DatasetView } from './view';

function version(name: string, number: number, parts: Partial<IVersion> = {}): IVersion {
  return {
    name,
    version: number,
    snapshot_id: `s${number}`,
    fingerprint: 'abcdef0123456789',
    made_at: `2026-11-0${number}T10:00:00+00:00`,
    session_id: null,
    run_id: null,
    kind: 'pandas.DataFrame',
    rows: 1000 * number,
    columns: 3,
    stored_bytes: 2000,
    new_bytes: 500,
    ...parts
  };
}

function dataset(name: string, versions: readonly IVersion[]): IDataset {
  return { name, latest: versions.length, stored_bytes: 2000, runs: 2, versions };
}

const CUSTOMERS = dataset('customers', [version('customers', 1), version('customers', 2)]);
const DIFF: ITableDiff = {
  before_version: 1,
  after_version: 2,
  by: 'content',
  same: false,
  rows_before: 1000,
  rows_after: 2000,
  rows_added: 1010,
  rows_removed: 10,
  rows_changed: 5,
  columns_added: [{ name: 'age', dtype: 'int64' }],
  columns_removed: [],
  order_changed: false,
  columns: [
    {
      name: 'income',
      dtype_before: 'int64',
      dtype_after: 'float64',
      changed: 5,
      mean_before: 1,
      mean_after: 'NaN',
      missing_before: 0,
      missing_after: 2,
      new_categories: [],
      gone_categories: [],
      examples: [{ row_before: 0, row_after: 0, before: '1', after: null }]
    }
  ]
};
const RUN = {
  run_id: 'r1',
  name: 'brave-otter',
  experiment: 'churn',
  status: 'FINISHED',
  started_at: '2026-11-02T10:00:00+00:00'
};

function answers(path: string): unknown {
  switch (path) {
    case 'datasets':
      return { datasets: [CUSTOMERS, dataset('orders', [version('orders', 1)])] };
    case 'datasets/customers':
      return CUSTOMERS;
    case 'datasets/customers/diff':
      return DIFF;
    default:
      return { ...version('customers', 2), versions: [1, 2], run_ids: ['r1'], runs: [RUN], made_by: '', profile: null };
  }
}

function withPlace() {
  return contextOf({ place: new Place() });
}

function showDataset(args: { version?: number } = {}) {
  const { context, opened } = withPlace();
  const setTitle = jest.fn();
  render(<DatasetView context={context} args={{ name: 'customers', at: 'a.ipynb', ...args }} setTitle={setTitle} />);
  return { opened, setTitle };
}

/** Sizes of a place in which rows are seen: in a page of tests nothing has any. */
beforeEach(() => {
  jest.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(400);
});

afterEach(() => jest.restoreAllMocks());

test('datasets are listed, the newest first, and a click opens one', async () => {
  serve(answers);
  const { context, opened } = withPlace();
  render(<DataTab context={context} />);

  fireEvent.click(await screen.findByRole('button', { name: 'customers' }));

  const names = screen.getAllByRole('row').map(row => row.textContent);
  expect(names[1]).toContain('customers');
  expect(names[1]).toContain('2,000');
  expect(names[2]).toContain('orders');
  expect(opened).toEqual([['dataset', { name: 'customers', at: '' }]]);
});

test('datasets are found by a part of their name', async () => {
  serve(answers);
  render(<DataTab context={withPlace().context} />);
  const box = await screen.findByRole('searchbox');

  fireEvent.change(box, { target: { value: 'ORD' } });
  expect(screen.queryByRole('button', { name: 'customers' })).toBeNull();
  expect(screen.getByRole('button', { name: 'orders' })).toBeTruthy();

  fireEvent.change(box, { target: { value: 'nothing' } });
  expect(screen.getByText('No dataset’s name has “nothing” in it.')).toBeTruthy();
});

test('where no table has a name it is said how to give one', async () => {
  serve(() => ({ datasets: [] }));
  render(<DataTab context={withPlace().context} />);

  expect(await screen.findByText('%track data df --name customers')).toBeTruthy();
});

test('where nothing was tracked it is said how to begin, not that something failed', async () => {
  serve(() => new Refusal(404, 'NotFoundError', 'There is no store in /x or above it.'));
  render(<DataTab context={withPlace().context} />);

  expect(await screen.findByText('%load_ext trackbook')).toBeTruthy();
  expect(screen.queryByRole('alert')).toBeNull();
});

test('a dataset shows its latest version, with the code that loads it', async () => {
  serve(answers);
  const { setTitle } = showDataset();

  expect(await screen.findByText('trackbook.load("customers@2")')).toBeTruthy();
  expect(screen.getByText('2,000')).toBeTruthy();
  expect(setTitle).toHaveBeenLastCalledWith('customers@2');
});

test('another version can be chosen', async () => {
  serve(answers);
  showDataset();

  fireEvent.change(await screen.findByRole('combobox', { name: 'Version' }), { target: { value: '1' } });

  expect(screen.getByText('trackbook.load("customers@1")')).toBeTruthy();
});

test('a version that is not there is said, and the latest is a click away', async () => {
  serve(answers);
  showDataset({ version: 7 });

  fireEvent.click(await screen.findByRole('button', { name: 'Show the latest' }));

  expect(screen.getByText('trackbook.load("customers@2")')).toBeTruthy();
});

test('what changed since the version before is told, of a lost mean nothing', async () => {
  const asked = serve(answers);
  showDataset();

  fireEvent.click(await screen.findByRole('tab', { name: /Changes/ }));

  expect(await screen.findByText('+1,010')).toBeTruthy();
  expect(screen.getByText('age (int64)')).toBeTruthy();
  expect(screen.getByText('int64 → float64')).toBeTruthy();
  expect(screen.getByText('1 → NaN')).toBeTruthy();
  expect(screen.getByText('1 → ∅')).toBeTruthy();
  expect(asked).toContain('datasets/customers/diff?at=a.ipynb&before=1&after=2&by=content');
});

test('rows are told by a key once it is given', async () => {
  const asked = serve(answers);
  showDataset();
  fireEvent.click(await screen.findByRole('tab', { name: /Changes/ }));
  fireEvent.change(screen.getByRole('combobox', { name: /Rows are told by/ }), { target: { value: 'key' } });
  expect(screen.getByText(/Say which columns tell rows apart/)).toBeTruthy();

  const box = screen.getByRole('textbox');
  fireEvent.change(box, { target: { value: 'id' } });
  fireEvent.keyDown(box, { key: 'Enter' });

  await waitFor(() => expect(asked).toContain('datasets/customers/diff?at=a.ipynb&before=1&after=2&key=id'));
});

test('a click on a run that used a version opens it', async () => {
  serve(answers);
  const { opened } = showDataset();
  fireEvent.click(await screen.findByRole('tab', { name: /Runs/ }));

  fireEvent.click(await screen.findByRole('button', { name: 'brave-otter' }));

  expect(opened).toEqual([['run', { run: 'r1', at: 'a.ipynb' }]]);
});
