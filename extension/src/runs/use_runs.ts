import * as React from 'react';

import { IContext } from '../core/context';
import { INews } from '../core/live';
import { QueryValues, request } from '../core/request';
import { Shown } from '../core/shown';
import { IRunRow, IRunsPage } from './api';
import { IPages, RunPages } from './pages';
import { IListing, listing } from './tree';

const MOST_CHILDREN = 500;
const NONE: IPages = { rows: [], total: null, failure: null };

/** What is asked of the server, the page left open. */
export interface IQuestion {
  readonly at: string;
  readonly experiment: string;
  readonly query: string;
  /** What to tell of each run; null as long as that is not known: everything. */
  readonly fields: string | null;
  /** Whether children stand beneath their parents; else all stand in one row after another. */
  readonly isTree: boolean;
  /** Whether the query leaves the order as it is: the newest first. */
  readonly isNewestFirst: boolean;
}

/** A list of runs that follows the store while it is shown. */
export interface IRuns {
  readonly pages: IPages;
  /** Whether what is shown answers another question than the one asked: the answer is under way. */
  readonly isOld: boolean;
  readonly listing: IListing;
  readonly expanded: ReadonlySet<string>;
  readonly expand: (runId: string, isExpanded: boolean) => void;
  readonly look: (first: number, end: number) => void;
  readonly refresh: () => void;
}

/** Ask for runs page by page. */
export function useRuns(context: IContext, question: IQuestion): IRuns {
  const isShown = React.useContext(Shown);
  const list = useList(question);
  const pages = usePages(list, isShown);
  const last = React.useRef<{ pages: IPages; isTree: boolean }>({ pages: NONE, isTree: false });
  const isOld = pages.total === null && last.current.pages.total !== null;
  if (pages.total !== null) {
    last.current = { pages, isTree: question.isTree };
  }
  const [expanded, setExpanded] = React.useState<ReadonlySet<string>>(new Set());
  const isTree = last.current.isTree;
  const [children, reread] = useChildren(question, expanded, isTree);
  const shown = last.current.pages.rows;
  const listed = React.useMemo(() => listing(shown, children, expanded, isTree), [shown, children, expanded, isTree]);
  const refresh = React.useCallback(() => {
    list.refresh();
    reread();
  }, [list, reread]);
  useNews(context, isShown, refresh);
  const rootOf = React.useRef(listed.rootOf);
  rootOf.current = listed.rootOf;
  const look = React.useCallback(
    (first: number, end: number) => list.look(rootOf.current(first), rootOf.current(end - 1) + 1),
    [list]
  );
  const expand = React.useCallback((runId: string, isExpanded: boolean) => {
    setExpanded(now => changed(now, runId, isExpanded));
  }, []);
  const failure = pages.failure;
  return { pages: { ...last.current.pages, failure }, isOld, listing: listed, expanded, expand, look, refresh };
}

/** Return the list of a question. What is read before the fields are known has them all, so it is not read again. */
function useList(question: IQuestion): RunPages {
  const { fields, ...other } = question;
  const now = React.useRef({ fields, turn: 0 });
  if (now.current.fields !== fields) {
    now.current = { fields, turn: now.current.turn + Number(now.current.fields !== null) };
  }
  const key = JSON.stringify([other, now.current.turn]);
  return React.useMemo(
    () => new RunPages(asker(question, () => now.current.fields ?? ''), question.isNewestFirst),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for the question
    [key]
  );
}

function asker(
  { at, experiment, isTree, query }: IQuestion,
  fields: () => string
): ConstructorParameters<typeof RunPages>[0] {
  const values: QueryValues = { at, experiment, query, roots: isTree ? true : undefined };
  return (offset, limit, signal) =>
    request<IRunsPage>('runs', { ...values, fields: fields(), offset, limit }, { signal });
}

function usePages(list: RunPages, isShown: boolean): IPages {
  React.useEffect(() => {
    if (isShown) {
      list.refresh();
    }
  }, [list, isShown]);
  React.useEffect(() => () => list.dispose(), [list]);
  const subscribe = React.useCallback(
    (hear: () => void) => {
      list.changed.connect(hear);
      return () => void list.changed.disconnect(hear);
    },
    [list]
  );
  return React.useSyncExternalStore(subscribe, () => list.now);
}

/** The children of what is expanded, by their parents. They are read again on demand, what was read stays meanwhile. */
function useChildren(
  question: IQuestion,
  expanded: ReadonlySet<string>,
  isTree: boolean
): [ReadonlyMap<string, readonly IRunRow[]>, () => void] {
  const [children, setChildren] = React.useState<ReadonlyMap<string, readonly IRunRow[]>>(new Map());
  const [turn, setTurn] = React.useState(0);
  const key = JSON.stringify([question, [...expanded]]);
  React.useEffect(() => {
    if (!isTree || expanded.size === 0) {
      return;
    }
    const aborter = new AbortController();
    const { at, fields, query } = question;
    const read = async (parent: string): Promise<void> => {
      const values = { at, fields: fields ?? '', query, parent, limit: MOST_CHILDREN };
      const { runs } = await request<IRunsPage>('runs', values, { signal: aborter.signal });
      if (!aborter.signal.aborted) {
        setChildren(now => new Map(now).set(parent, runs));
      }
    };
    void Promise.allSettled([...expanded].map(read)); // of a failure the list itself tells
    return () => aborter.abort();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for the question and what is expanded
  }, [key, isTree, turn]);
  return [children, React.useCallback(() => setTurn(now => now + 1), [])];
}

function useNews({ live }: IContext, isShown: boolean, hear: () => void): void {
  React.useEffect(() => {
    if (!isShown) {
      return;
    }
    const listen = (_: unknown, { changed, jobs }: INews): void => {
      if (changed.length > 0 || jobs.length === 0) {
        hear();
      }
    };
    const leave = live.listen();
    live.news.connect(listen);
    return () => {
      live.news.disconnect(listen);
      leave();
    };
  }, [live, isShown, hear]);
}

function changed(keys: ReadonlySet<string>, key: string, isIn: boolean): ReadonlySet<string> {
  const next = new Set(keys);
  if (isIn) {
    next.add(key);
  } else {
    next.delete(key);
  }
  return next;
}
