import { IRunRow } from './api';

/** A run at its place in the list: how deep it stands beneath others, and whether its children are shown. */
export interface IListed {
  readonly run: IRunRow;
  readonly level: number;
  /** Undefined where it has no children, or where the list is flat. */
  readonly isExpanded?: boolean;
}

/** The list as it is drawn, and for each of its rows which of the roots it belongs to. */
export interface IListing {
  readonly rows: readonly (IListed | undefined)[];
  /** Return which root a row belongs to. */
  readonly rootOf: (row: number) => number;
}

/** Put children beneath their parents, where those are expanded and the children are known. */
export function listing(
  roots: readonly (IRunRow | undefined)[],
  children: ReadonlyMap<string, readonly IRunRow[]>,
  expanded: ReadonlySet<string>,
  isTree: boolean
): IListing {
  const rows: (IListed | undefined)[] = new Array(roots.length);
  if (!isTree || expanded.size === 0) {
    roots.forEach((run, at) => {
      rows[at] = run && listed(run, 1, isTree, expanded);
    });
    return { rows, rootOf: row => row };
  }
  rows.length = 0;
  const rootAt: number[] = [];
  const add = (run: IRunRow, level: number): void => {
    rows.push(listed(run, level, true, expanded));
    if (expanded.has(run.run_id)) {
      children.get(run.run_id)?.forEach(child => add(child, level + 1));
    }
  };
  for (let at = 0; at < roots.length; at += 1) {
    const run = roots[at];
    if (run === undefined) {
      rows.push(undefined);
    } else {
      add(run, 1);
    }
    while (rootAt.length < rows.length) {
      rootAt.push(at);
    }
  }
  return { rows, rootOf: row => rootAt[Math.min(row, rootAt.length - 1)] ?? 0 };
}

/** What was made of a run before, so that a row that did not change is the same object. */
const made = new WeakMap<IRunRow, IListed>();

function listed(run: IRunRow, level: number, isTree: boolean, expanded: ReadonlySet<string>): IListed {
  const isExpanded = isTree && run.children > 0 ? expanded.has(run.run_id) : undefined;
  const before = made.get(run);
  if (before?.level === level && before.isExpanded === isExpanded) {
    return before;
  }
  const now = { run, level, isExpanded };
  made.set(run, now);
  return now;
}
