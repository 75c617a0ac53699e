import { fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import * as React from 'react';

import { Memory } from '../core/memory';
import { contextOf, Refusal, serve } from '../testing/server';
import { CompareView } from './view';

const ROWS = [
  {
    section: 'metrics',
    key: 'accuracy',
    values: [0.8, 0.9],
    present: [true, true],
    differs: true,
    differences: [0, 0.1],
    higher_is_better: true,
    best: [1]
  },
  {
    section: 'metrics',
    key: 'loss',
    values: ['NaN', 'Infinity'],
    present: [true, true],
    differs: true,
    differences: [null, null],
    higher_is_better: false,
    best: []
  },
  {
    section: 'params',
    key: 'seed',
    values: [3, 3],
    present: [true, true],
    differs: false,
    differences: [],
    higher_is_better: null,
    best: []
  }
];

function comparisonOf(ids: readonly string[]): object {
  return { baseline: ids[0], runs: ids.map(id => ({ run_id: id, name: `name-${id}`, experiment: 'e' })), rows: ROWS };
}

function show(runs: readonly string[], memory = new Memory(null, 'test')): ReturnType<typeof contextOf> {
  const made = contextOf({ memory });
  const id = runs.join(',');
  render(<CompareView context={made.context} args={{ runs, at: 'work' }} setTitle={() => undefined} id={id} />);
  return made;
}

it('marks the best by a star, and says which way is better', async () => {
  serve(() => comparisonOf(['a', 'b']));

  show(['a', 'b']);

  const row = await screen.findByRole('row', { name: /accuracy/ });
  const [first, second] = within(row).getAllByRole('cell');
  expect(within(second).getByRole('img', { name: 'best' })).toBeTruthy();
  expect(within(first).queryByRole('img', { name: 'best' })).toBeNull();
  expect(within(row).getByRole('img', { name: 'more is better' })).toBeTruthy();
  expect(second.textContent).toContain('+0.1');
});

it('shows NaN and the infinities as such', async () => {
  serve(() => comparisonOf(['a', 'b']));

  show(['a', 'b']);

  const row = await screen.findByRole('row', { name: /loss/ });
  expect(
    within(row)
      .getAllByRole('cell')
      .map(cell => cell.textContent)
  ).toEqual(['NaN', 'Infinity']);
});

it('shows only differences on request, also after a reload', async () => {
  serve(() => comparisonOf(['a', 'b']));
  const memory = new Memory(null, 'test');
  show(['a', 'b'], memory);
  await screen.findByRole('row', { name: /seed/ });

  fireEvent.click(screen.getByRole('checkbox', { name: 'Only differences' }));

  expect(screen.queryByRole('row', { name: /seed/ })).toBeNull();
  show(['a', 'b'], memory);
  await waitFor(() => expect(screen.getAllByRole('row', { name: /accuracy/ })).toHaveLength(2));
  expect(screen.queryByRole('row', { name: /seed/ })).toBeNull();
});

it('says which run is missing, and compares the others', async () => {
  serve((path, query) => {
    const asked = path === 'compare' ? (query.get('runs') ?? '').split(',') : [path.split('/')[1]];
    return asked.includes('gone') ? new Refusal(404, 'NotFoundError', "No run 'gone'.") : comparisonOf(asked);
  });

  show(['a', 'gone', 'b']);

  expect((await screen.findByRole('alert')).textContent).toContain("No run 'gone'.");
  const row = await screen.findByRole('row', { name: /accuracy/ });
  expect(within(row).getAllByRole('cell')).toHaveLength(2);
});

it('leaves a run out while there are more than two', async () => {
  const asked = serve((_, query) => comparisonOf((query.get('runs') ?? '').split(',')));
  show(['a', 'b', 'c']);
  await screen.findByRole('checkbox', { name: 'Compare name-c' });

  fireEvent.click(screen.getByRole('checkbox', { name: 'Compare name-c' }));

  await waitFor(() => expect(asked[asked.length - 1]).toContain('runs=a%2Cb&'));
  expect((screen.getByRole('checkbox', { name: 'Compare name-a' }) as HTMLInputElement).disabled).toBe(true);
});
