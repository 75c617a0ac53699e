import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';

import { Edited } from './edited';

function edit(onSave: (value: string) => Promise<void>, isLong = false): HTMLElement {
  render(<Edited label="Note" value="old" placeholder="Write…" isLong={isLong} onSave={onSave} />);
  fireEvent.click(screen.getByRole('button'));
  const field = screen.getByRole('textbox', { name: 'Note' });
  fireEvent.change(field, { target: { value: 'new' } });
  return field;
}

it('saves by Enter, and shows a button again', async () => {
  const saved: string[] = [];
  const field = edit(async value => void saved.push(value));

  fireEvent.keyDown(field, { key: 'Enter' });

  await screen.findByRole('button');
  expect(saved).toEqual(['new']);
});

it('leaves the text as it was by Escape', async () => {
  const saved: string[] = [];
  const field = edit(async value => void saved.push(value));

  fireEvent.keyDown(field, { key: 'Escape' });

  expect(screen.getByRole('button').textContent).toBe('old');
  expect(saved).toEqual([]);
});

it('begins a line by Enter in a long text', () => {
  const saved: string[] = [];
  const field = edit(async value => void saved.push(value), true);

  fireEvent.keyDown(field, { key: 'Enter' });

  expect(saved).toEqual([]);
});

it('keeps what was written when it can’t be saved', async () => {
  let tries = 0;
  const field = edit(async () => {
    tries += 1;
    throw new Error('no');
  });

  fireEvent.keyDown(field, { key: 'Enter' });

  await waitFor(() => expect(tries).toBe(1));
  expect((screen.getByRole('textbox') as HTMLInputElement).value).toBe('new');
});
