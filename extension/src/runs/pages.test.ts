import { waitFor } from '@testing-library/react';

import { ApiError } from '../core/request';
import { IRunsPage } from './api';
import { AskPage, PAGE, RunPages } from './pages';
import { aRun } from '../testing/run';

/** A server with runs, newest first, that writes down what it was asked. */
class Server {
  asked: number[] = [];
  failure: Error | null = null;

  constructor(public total: number) {}

  ask: AskPage = async (offset, limit) => {
    this.asked.push(offset);
    if (this.failure) {
      throw this.failure;
    }
    const count = Math.max(0, Math.min(limit, this.total - offset));
    const runs = Array.from({ length: count }, (_, at) => aRun(`${this.total - offset - at}`));
    return { runs, total: this.total, offset } satisfies IRunsPage;
  };
}

function idAt(pages: RunPages, index: number): string | undefined {
  return pages.now.rows[index]?.run_id;
}

test('only the pages that come into view are asked for, each once', async () => {
  const server = new Server(10_000);
  const pages = new RunPages(server.ask, true);

  pages.look(0, 30);
  await waitFor(() => expect(idAt(pages, 0)).toBe('10000'));
  pages.look(5 * PAGE - 10, 5 * PAGE + 20);
  await waitFor(() => expect(idAt(pages, 5 * PAGE)).toBe('9500'));
  pages.look(0, 30);

  expect(server.asked).toEqual([0, 4 * PAGE, 5 * PAGE]);
  expect(pages.now.rows.length).toBe(10_000);
  expect(idAt(pages, 200)).toBeUndefined();
});

test('pages that were scrolled past while another was under way are not asked for', async () => {
  const server = new Server(10_000);
  const pages = new RunPages(server.ask, true);

  pages.look(0, 30);
  pages.look(2000, 2030);
  pages.look(7000, 7030);
  await waitFor(() => expect(idAt(pages, 7000)).toBe('3000'));

  expect(server.asked).toEqual([0, 7000]);
});

test('runs that are new push what is there down, and only what is in view is read again', async () => {
  const server = new Server(1000);
  const pages = new RunPages(server.ask, true);
  pages.look(0, 30);
  await waitFor(() => expect(idAt(pages, 99)).toBe('901'));
  server.total = 1003;
  server.asked = [];

  pages.refresh();
  await waitFor(() => expect(idAt(pages, 0)).toBe('1003'));

  expect(idAt(pages, 102)).toBe('901');
  await waitFor(() => expect(new Set(server.asked)).toEqual(new Set([0])));
});

test('runs that are withdrawn go from the top', async () => {
  const server = new Server(10);
  const pages = new RunPages(server.ask, true);
  pages.look(0, 30);
  await waitFor(() => expect(pages.now.total).toBe(10));
  server.total = 8;

  pages.refresh();
  await waitFor(() => expect(pages.now.total).toBe(8));

  expect(pages.now.rows.map(run => run?.run_id)).toEqual(['8', '7', '6', '5', '4', '3', '2', '1']);
});

test('after a failure nothing is asked until somebody wants it again, and what was read stays', async () => {
  const server = new Server(10);
  const pages = new RunPages(server.ask, true);
  pages.look(0, 30);
  await waitFor(() => expect(pages.now.total).toBe(10));
  server.failure = new ApiError(400, 'QueryError', 'A value is missing.', 3);
  pages.refresh();
  await waitFor(() => expect(pages.now.failure?.message).toBe('A value is missing.'));
  const asked = server.asked.length;
  pages.look(0, 20);

  expect(server.asked.length).toBe(asked);
  expect(pages.now.rows.length).toBe(10);

  server.failure = null;
  pages.refresh();
  await waitFor(() => expect(pages.now.failure).toBeNull());
});
