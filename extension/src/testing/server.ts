import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { IContext } from '../core/context';
import { Live } from '../core/live';
import { PREFIX } from '../core/request';

/** What a route of the tests answers: a value, or a status and what is said with it. */
export type Answers = (path: string, query: URLSearchParams, init: RequestInit) => unknown;

export class Refusal {
  constructor(
    readonly status: number,
    readonly error: string,
    readonly message: string
  ) {}
}

/** Have the server's routes answer as told; return the paths that were asked for, with their queries. */
export function serve(answers: Answers): string[] {
  const asked: string[] = [];
  jest.spyOn(ServerConnection, 'makeRequest').mockImplementation(async (url, init) => {
    const { pathname, search, searchParams } = new URL(url, 'http://localhost');
    const path = decodeURIComponent(pathname.slice(pathname.indexOf(PREFIX) + PREFIX.length + 1));
    asked.push(path + search);
    const answer = answers(path, searchParams, init);
    const isRefused = answer instanceof Refusal;
    return {
      ok: !isRefused,
      status: isRefused ? answer.status : 200,
      json: async () => answer,
      text: async () => String(answer)
    } as Response;
  });
  return asked;
}

/** A context with what most components need; commands are kept in what is returned beside it. */
export function contextOf(parts: Partial<IContext> = {}): { context: IContext; opened: [string, unknown][] } {
  const opened: [string, unknown][] = [];
  const commands = new CommandRegistry();
  for (const kind of ['run', 'dataset', 'model', 'pipeline']) {
    commands.addCommand(`trackbook:open-${kind}`, { execute: args => opened.push([kind, args]) });
  }
  const live = new Live(ServerConnection.makeSettings());
  jest.spyOn(live, 'listen').mockReturnValue(() => undefined);
  const context = { trans: nullTranslator.load('trackbook'), commands, live, ...parts };
  return { context: context as IContext, opened };
}
