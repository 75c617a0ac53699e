import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Json, number, oneLine, shape, shortened, size, text, toNumber } from '../components/format';
import { IContext } from '../core/context';
import { IWhy, IWhyEdge, IWhyNode } from './api';
import { IBranch, visible } from './tree';

const WIDEST_CODE = 110;
const WIDEST_VALUE = 60;
const DIGEST = 8;
const INDENT = 18;

interface ITreeProps {
  readonly context: IContext;
  readonly why: IWhy;
  readonly branches: readonly IBranch[];
  readonly onOpen: (node: IWhyNode) => void;
}

/**
 * The tree beneath what is explained. Up and down go from line to line, right opens and left closes what is beneath
 * one, Enter goes to its cell.
 */
export function Tree({ context, why, branches, onOpen }: ITreeProps): JSX.Element {
  const { trans } = context;
  const [closed, setClosed] = React.useState<ReadonlySet<string>>(new Set());
  const [active, setActive] = React.useState('');
  const list = React.useRef<HTMLDivElement>(null);
  const lines = visible(branches, closed);
  const current = lines.find(line => line.path === active) ?? lines[0];
  const toggle = (path: string, isClosed: boolean): void => {
    const now = new Set(closed);
    if (isClosed) {
      now.add(path);
    } else {
      now.delete(path);
    }
    setClosed(now);
  };
  const go = (line: IBranch | undefined): void => {
    if (line) {
      setActive(line.path);
      list.current?.querySelectorAll<HTMLElement>('[role="treeitem"]')[lines.indexOf(line)]?.focus();
    }
  };
  const press = (event: React.KeyboardEvent): void => {
    const index = lines.indexOf(current);
    const hasBranches = current.branches.length > 0;
    const isOpen = hasBranches && !closed.has(current.path);
    const acts: Record<string, () => void> = {
      ArrowDown: () => go(lines[index + 1]),
      ArrowUp: () => go(lines[index - 1]),
      Home: () => go(lines[0]),
      End: () => go(lines[lines.length - 1]),
      ArrowRight: () => (isOpen ? go(lines[index + 1]) : hasBranches && toggle(current.path, false)),
      ArrowLeft: () => (isOpen ? toggle(current.path, true) : go(lines.find(line => line.branches.includes(current)))),
      Enter: () => isPlace(current.node) && onOpen(current.node)
    };
    if (event.key in acts) {
      event.preventDefault();
      acts[event.key]();
    }
  };
  return (
    <>
      <p className="tb-Why-root">
        <strong>{oneLine(why.metric)}</strong>
        {why.value !== null && <> = {valueText(why.value, why.kind)}</>}
      </p>
      <div
        ref={list}
        role="tree"
        className="tb-Tree"
        aria-label={trans.__('What %1 was made from', why.metric)}
        onKeyDown={press}
      >
        {lines.map(line => (
          <Line
            key={line.path}
            trans={trans}
            line={line}
            isActive={line === current}
            isClosed={closed.has(line.path)}
            onToggle={() => toggle(line.path, !closed.has(line.path))}
            onOpen={() => {
              setActive(line.path);
              onOpen(line.node);
            }}
          />
        ))}
      </div>
    </>
  );
}

interface ILineProps {
  readonly trans: TranslationBundle;
  readonly line: IBranch;
  readonly isActive: boolean;
  readonly isClosed: boolean;
  readonly onToggle: () => void;
  readonly onOpen: () => void;
}

function Line({ trans, line, isActive, isClosed, onToggle, onOpen }: ILineProps): JSX.Element {
  const { branches, depth, node } = line;
  const hasBranches = branches.length > 0;
  const canOpen = isPlace(node);
  const remarks = remarksOn(trans, line);
  return (
    <div
      role="treeitem"
      className={`tb-Tree-line ${canOpen ? 'tb-mod-place' : ''}`}
      aria-level={depth + 1}
      aria-expanded={hasBranches ? !isClosed : undefined}
      aria-selected={isActive}
      tabIndex={isActive ? 0 : -1}
      style={{ paddingInlineStart: depth * INDENT }}
      title={canOpen ? trans.__('Go to the cell') : undefined}
      onClick={canOpen ? onOpen : undefined}
    >
      <span
        className="tb-Tree-twist"
        aria-hidden="true"
        onClick={event => {
          event.stopPropagation();
          onToggle();
        }}
      >
        {hasBranches ? (isClosed ? '▸' : '▾') : ''}
      </span>
      {canOpen && <span className="tb-Tree-place">{placeOf(trans, node)}</span>}
      <span className="tb-Tree-content">
        {line.isAgain ? (
          <span className="tb-mod-quiet">{trans.__('see above')}</span>
        ) : (
          <code className={node.kind === 'literal' ? 'tb-mod-strong' : ''}>{contentOf(trans, node)}</code>
        )}
        {remarks.map(remark => (
          <span key={remark} className={remark.startsWith('⚠') ? 'tb-mod-warn' : 'tb-mod-quiet'}>
            {remark}
          </span>
        ))}
      </span>
    </div>
  );
}

/** Whether a node stands in a cell: one can go there. */
function isPlace(node: IWhyNode): boolean {
  return node.execution_id !== null && node.line !== null;
}

function placeOf(trans: TranslationBundle, { cell, line }: IWhyNode): string {
  return cell === null ? trans.__('line %1', line) : `[${cell}]:${line}`;
}

function contentOf(trans: TranslationBundle, node: IWhyNode): string {
  const label = oneLine(node.label);
  if (node.kind === 'literal' && node.code === null) {
    return `${label} = ${shortened(text(node.value), WIDEST_VALUE)}`;
  }
  if (node.code !== null) {
    return shortened(oneLine(node.code.replace(/\s+/gu, ' ').trim()), WIDEST_CODE);
  }
  switch (node.kind) {
    case 'file':
      return trans.__('file %1', label);
    case 'module':
      return trans.__('module %1', label);
    case 'table':
      return trans.__('table %1', label);
    case 'random':
      return `⚠ ${label}`;
    default:
      return typeof node.details.why === 'string' ? `${label}: ${node.details.why}` : label;
  }
}

function remarksOn(trans: TranslationBundle, { flow, isAgain, node }: IBranch): readonly string[] {
  const own = isAgain ? [] : ownRemarks(trans, node);
  const tables = flow.tables.map(table => `${oneLine(table.label)} ${tableFacts(table)}`.trim());
  return [...new Set([...own, ...tables, ...flow.edges.flatMap(edge => edgeRemarks(trans, edge))])];
}

function ownRemarks(trans: TranslationBundle, node: IWhyNode): readonly string[] {
  const said: string[] = [];
  if (node.kind === 'fit') {
    const kind =
      String(node.details.class ?? '')
        .split('.')
        .pop() ?? '';
    said.push(kind === '' ? trans.__('fits %1', node.label) : trans.__('fits %1 (%2)', oneLine(node.label), kind));
  }
  if (node.kind === 'file' || node.kind === 'module') {
    const { digest, size: bytes } = node.details;
    said.push(typeof bytes === 'number' ? size(bytes) : '');
    said.push(typeof digest === 'string' ? `sha256 ${digest.slice(0, DIGEST)}` : trans.__('content not known'));
  }
  if (node.kind === 'table') {
    said.push(tableFacts(node));
  }
  if ('failure' in node.details) {
    said.push(trans.__('the cell failed later'));
  }
  return said.filter(each => each !== '');
}

function tableFacts({ details }: IWhyNode): string {
  const sizes = Array.isArray(details.shape) ? shape(details.shape as readonly number[]) : '';
  const mark = typeof details.fingerprint === 'string' ? `#${details.fingerprint.slice(0, DIGEST)}` : '';
  return `${sizes} ${mark}`.trim();
}

function edgeRemarks(trans: TranslationBundle, edge: IWhyEdge): readonly string[] {
  const name = oneLine(edge.name);
  const said = edge.sure ? [] : [trans.__('may have changed %1', name)];
  return edge.hidden === null ? said : [...said, `⚠ ${hiddenText(trans, edge.hidden, name)}`];
}

function hiddenText(trans: TranslationBundle, reason: string, name: string): string {
  switch (reason) {
    case 'rerun':
      return trans.__('this cell was run again since');
    case 'edited':
      return trans.__('this cell was edited since');
    case 'deleted':
      return trans.__('this cell was deleted since');
    case 'order':
      return trans.__('this cell stands below the one that reads %1', name);
    case 'skipped':
      return trans.__('a cell in between makes another %1, and had not run', name);
    case 'changed':
      return trans.__('%1 changed since', name);
    case 'reloaded':
      return trans.__('%1 was loaded again since', name);
    default:
      return reason;
  }
}

function valueText(value: Json, kind: string): string {
  const amount = kind === 'metric' ? toNumber(value) : null;
  return amount === null ? shortened(text(value), WIDEST_VALUE) : number(amount);
}
