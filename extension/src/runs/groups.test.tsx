import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { Answers, contextOf, Refusal, serve } from '../testing/server';
import { Groups } from './groups';

function statistics(n: number, mean: number, deviation: number | null): Record<string, unknown> {
  return { f1: { n, mean, deviation } };
}

const grouping = {
  by: 'params.C',
  metrics: ['f1'],
  groups: [
    { value: 1, runs: 3, statistics: statistics(3, 0.5, 0.1) },
    { value: 10, runs: 1, statistics: statistics(1, 0.7, null) }
  ],
  left_out: 0
};
const parts = {
  also: ['params.depth'],
  groups: [
    { labels: { 'params.C': 1, 'params.depth': 3 }, runs: 2, statistics: statistics(2, 0.4, 0.1) },
    { labels: { 'params.C': 1, 'params.depth': 5 }, runs: 1, statistics: statistics(1, 0.7, null) }
  ]
};

function show(ofParts: unknown = parts): { asked: string[]; opened: string[] } {
  const answers: Answers = path => (path === 'groups' ? grouping : ofParts);
  const asked = serve(answers);
  const opened: string[] = [];
  const { context } = contextOf();
  const about = { at: 'a.ipynb', experiment: 'churn', query: '', by: 'params.C', metrics: ['f1', 'a,b'] };
  render(<Groups context={context} {...about} onOpen={condition => opened.push(condition)} />);
  return { asked, opened };
}

afterEach(() => jest.restoreAllMocks());

test('groups are shown with mean, deviation and count, and only their metrics are asked for', async () => {
  const { asked } = show();

  const row = (await screen.findByText('10')).closest('[role=row]') as HTMLElement;

  expect(row.textContent).toContain('0.7');
  expect(screen.getByText(/± 0.10/)).toBeTruthy();
  expect(asked).toHaveLength(1);
  expect(new URLSearchParams(asked[0].split('?')[1]).get('metric')).toBe('f1,"a,b"');
});

test('parts are asked for when a group is opened, of its value alone', async () => {
  const { asked, opened } = show();

  fireEvent.click(await screen.findByRole('button', { name: 'Show its parts' }));
  const part = await screen.findByText('depth=5');

  const query = new URLSearchParams(asked[1].split('?')[1]);
  expect([asked[1].split('?')[0], query.get('value')]).toEqual(['groups/parts', '1']);
  fireEvent.doubleClick(part);
  expect(opened).toEqual(['params.C = 1 and params.depth = 5']);
});

test('of a group with too many runs it is said why there are no parts', async () => {
  show(new Refusal(400, 'InvalidValueError', '2,500 runs are more than can be told apart.'));

  fireEvent.click(await screen.findByRole('button', { name: 'Show its parts' }));

  expect(await screen.findByText('2,500 runs are more than can be told apart.')).toBeTruthy();
});
