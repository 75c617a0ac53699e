import { IWhy, IWhyEdge, IWhyNode } from './api';
import { treeOf, visible } from './tree';

function node(id: string, kind: string, given: Partial<IWhyNode> = {}): IWhyNode {
  const nothing = { execution_id: null, cell: null, line: null, end_line: null, code: null, value: null, details: {} };
  return { id, kind, label: id, ...nothing, ...given };
}

function edge(from: string, to: string): IWhyEdge {
  return { from, to, name: from, sure: true, hidden: null };
}

function why(nodes: readonly IWhyNode[], edges: readonly IWhyEdge[]): IWhy {
  return { run_id: 'r', kind: 'metric', metric: 'accuracy', value: 0.9, root: nodes[0].id, nodes, edges };
}

describe('treeOf', () => {
  it('names what stands further up again, without what is beneath it', () => {
    const nodes = [node('m', 'metric'), node('a', 'statement'), node('b', 'statement'), node('c', 'literal')];
    const found = treeOf(why(nodes, [edge('a', 'm'), edge('b', 'a'), edge('c', 'b'), edge('b', 'm')]));

    const lines = visible(found, new Set());

    expect(lines.map(line => [line.node.id, line.depth, line.isAgain])).toEqual([
      ['a', 0, false],
      ['b', 1, false],
      ['c', 2, false],
      ['b', 0, true]
    ]);
  });

  it('tells of a table beside what made it, and leaves out imports of libraries', () => {
    const nodes = [node('m', 'metric'), node('X', 'table'), node('split', 'statement'), node('numpy', 'import')];

    const found = treeOf(why(nodes, [edge('X', 'm'), edge('split', 'X'), edge('numpy', 'm')]));

    expect(found.map(branch => branch.node.id)).toEqual(['split']);
    expect(found[0].flow.tables.map(table => table.id)).toEqual(['X']);
  });

  it('ends where things were made from each other', () => {
    const nodes = [node('m', 'metric'), node('a', 'statement'), node('b', 'statement')];

    const found = treeOf(why(nodes, [edge('a', 'm'), edge('b', 'a'), edge('a', 'b')]));

    expect(visible(found, new Set()).map(line => line.isAgain)).toEqual([false, false, true]);
  });

  it('hides what is beneath a closed line, also where ids hold slashes', () => {
    const nodes = [node('m', 'metric'), node('/data/a.csv', 'file'), node('/data/b.csv', 'file')];
    const found = treeOf(why(nodes, [edge('/data/a.csv', 'm'), edge('/data/b.csv', '/data/a.csv')]));

    const lines = visible(found, new Set([found[0].path]));

    expect(lines.map(line => [line.node.id, line.depth])).toEqual([['/data/a.csv', 0]]);
  });
});
