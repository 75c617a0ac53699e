import { IWhy, IWhyEdge, IWhyNode } from './api';

const ORDER = [
  'random',
  'literal',
  'file',
  'module',
  'inside',
  'fit',
  'statement',
  'function',
  'import',
  'table',
  'unknown'
];

/** How something flowed into what uses it. */
export interface IFlow {
  /** The tables that it came as. */
  readonly tables: readonly IWhyNode[];
  readonly edges: readonly IWhyEdge[];
}

/** A line of the tree. What stands further up already is only named again, without what is beneath it. */
export interface IBranch {
  /** Names the place in the tree: the same each time the same graph is drawn. */
  readonly path: string;
  /** How many lines stand above it on the way to the root. */
  readonly depth: number;
  readonly node: IWhyNode;
  readonly flow: IFlow;
  readonly isAgain: boolean;
  readonly branches: readonly IBranch[];
}

/**
 * Return what an explanation's root was made from, as branches: from the number to the literals and files.
 *
 * Imports of installed libraries are left out, each notebook has dozens; a table stands with what made it, where that
 * is known.
 */
export function treeOf(why: IWhy): readonly IBranch[] {
  const nodes = new Map(why.nodes.map(node => [node.id, node]));
  const into = new Map<string, IWhyEdge[]>();
  for (const edge of why.edges) {
    into.set(edge.to, [...(into.get(edge.to) ?? []), edge]);
  }
  const seen = new Set<string>([why.root]);
  const grow = (id: string, path: string, depth: number): readonly IBranch[] =>
    waysInto(id, nodes, into).map(([node, flow]) => {
      const here = `${path}/${node.id}`;
      const isAgain = seen.has(node.id);
      seen.add(node.id);
      return { path: here, depth, node, flow, isAgain, branches: isAgain ? [] : grow(node.id, here, depth + 1) };
    });
  return grow(why.root, '', 0);
}

/** Return all branches that are seen when those at `closed` are closed, in the order of the page. */
export function visible(branches: readonly IBranch[], closed: ReadonlySet<string>): readonly IBranch[] {
  return branches.flatMap(branch =>
    closed.has(branch.path) ? [branch] : [branch, ...visible(branch.branches, closed)]
  );
}

type Way = readonly [IWhyNode, IFlow];

function waysInto(
  id: string,
  nodes: ReadonlyMap<string, IWhyNode>,
  into: ReadonlyMap<string, readonly IWhyEdge[]>
): readonly Way[] {
  const found = new Map<string, { tables: IWhyNode[]; edges: IWhyEdge[] }>();
  const put = (start: string, edge: IWhyEdge, table?: IWhyNode): void => {
    const flow = found.get(start) ?? { tables: [], edges: [] };
    flow.edges.push(edge);
    if (table && !flow.tables.includes(table)) {
      flow.tables.push(table);
    }
    found.set(start, flow);
  };
  for (const edge of into.get(id) ?? []) {
    const node = nodes.get(edge.from);
    const makers = into.get(edge.from) ?? [];
    if (node?.kind === 'table' && makers.length > 0) {
      makers.forEach(maker => put(maker.from, maker, node));
    } else {
      put(edge.from, edge);
    }
  }
  return [...found]
    .flatMap(([start, flow]): Way[] => {
      const node = nodes.get(start);
      const isWorth = node !== undefined && (node.kind !== 'import' || (into.get(start) ?? []).length > 0);
      return isWorth ? [[node, flow]] : [];
    })
    .sort(([one], [other]) => before(one, other));
}

function before(one: IWhyNode, other: IWhyNode): number {
  return rank(one) - rank(other) || (other.cell ?? 0) - (one.cell ?? 0) || (other.line ?? 0) - (one.line ?? 0);
}

function rank(node: IWhyNode): number {
  const isDoubtful = node.kind === 'random' && node.label.includes(' may draw ');
  return isDoubtful ? ORDER.length : ORDER.indexOf(node.kind);
}
