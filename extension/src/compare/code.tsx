import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { oneLine } from '../components/format';
import { Message } from '../components/message';
import { IDiff, IDiffCell, IDiffOutput, ILine } from './api';
import { OfPair } from './pair';
import { ICompared } from './view';

/** The cells of two runs beside each other: what was edited, came, went or moved, and what they showed. */
export function CodeDiff(compared: ICompared): JSX.Element {
  const { trans } = compared.context;
  return (
    <OfPair {...compared}>
      {diff =>
        diff.cells.length === 0 && diff.modules.length === 0 ? (
          <Message>{trans.__('No cells are known of these runs.')}</Message>
        ) : (
          <Cells trans={trans} diff={diff} />
        )
      }
    </OfPair>
  );
}

function Cells({ trans, diff }: { trans: TranslationBundle; diff: IDiff }): JSX.Element {
  const changed = diff.cells.filter(cell => !isQuiet(cell)).length;
  const summary =
    changed === 0
      ? trans.__('The code is the same in both: %1 cells.', diff.cells.length)
      : trans.__('%1 of %2 cells differ.', changed, diff.cells.length);
  return (
    <>
      <p className="tb-mod-quiet">{summary}</p>
      <ol className="tb-Diff">
        {grouped(diff.cells).map((group, n) =>
          isQuiet(group[0]) ? (
            <SameCells key={n} trans={trans} cells={group} />
          ) : (
            <ChangedCell key={n} trans={trans} cell={group[0]} />
          )
        )}
      </ol>
      {diff.modules.map(module => (
        <section key={module.name} className="tb-Diff-cell">
          <h3>{trans.__('Module %1', oneLine(module.name))}</h3>
          <Lines trans={trans} lines={module.lines} />
        </section>
      ))}
    </>
  );
}

/** Whether nothing of a cell differs. */
function isQuiet(cell: IDiffCell): boolean {
  return cell.change === 'same' && !cell.is_moved && cell.outputs.every(isQuietOutput);
}

function isQuietOutput({ change }: IDiffOutput): boolean {
  return change === 'same' || change === 'noise' || change === 'close';
}

/** Return cells in groups: those beside each other of which nothing differs together, each other one alone. */
function grouped(cells: readonly IDiffCell[]): readonly (readonly IDiffCell[])[] {
  const groups: IDiffCell[][] = [];
  for (const cell of cells) {
    const last = groups[groups.length - 1];
    if (last !== undefined && isQuiet(cell) && isQuiet(last[0])) {
      last.push(cell);
    } else {
      groups.push([cell]);
    }
  }
  return groups;
}

function SameCells({ trans, cells }: { trans: TranslationBundle; cells: readonly IDiffCell[] }): JSX.Element {
  const places = cells.map(cell => place(cell.after ?? cell.before)).join(' ');
  return (
    <li className="tb-Diff-same">
      <span aria-hidden="true">= </span>
      {trans._n('%1 cell is the same', '%1 cells are the same', cells.length)} <code>{places}</code>
    </li>
  );
}

const MARKS: Record<string, string> = { same: '=', edited: '±', added: '+', removed: '−' };

function ChangedCell({ trans, cell }: { trans: TranslationBundle; cell: IDiffCell }): JSX.Element {
  const failure = cell.after?.failure ?? cell.before?.failure;
  return (
    <li className={`tb-Diff-cell tb-mod-${cell.change}`}>
      <div className="tb-Cell-head">
        <strong>
          <span aria-hidden="true">{MARKS[cell.change]} </span>
          {changeText(trans, cell)}
        </strong>
        <code>
          {cell.before === null || cell.after === null
            ? place(cell.before ?? cell.after)
            : `${place(cell.before)} → ${place(cell.after)}`}
        </code>
        {failure && <span className="tb-mod-warn">{oneLine(failure)}</span>}
      </div>
      <Lines trans={trans} lines={cell.lines} />
      {cell.outputs
        .filter(output => !isQuietOutput(output))
        .map((output, n) => (
          <div key={n} className="tb-Diff-output">
            <p className="tb-mod-quiet">{trans.__('Output %1: %2', output.name ?? output.media_type, output.change)}</p>
            <Lines trans={trans} lines={output.lines} />
          </div>
        ))}
    </li>
  );
}

function changeText(trans: TranslationBundle, { change, is_moved: isMoved }: IDiffCell): string {
  const word = {
    same: isMoved ? '' : trans.__('same code, other output'),
    edited: trans.__('edited'),
    added: trans.__('added'),
    removed: trans.__('removed')
  }[change];
  return [word, isMoved ? trans.__('moved') : ''].filter(Boolean).join(', ');
}

const WORDS: Record<ILine['sign'], string> = { ' ': '', '-': 'tb-mod-gone', '+': 'tb-mod-new' };

/** Lines that went, came or stayed. The sign stands before each, so colour alone tells nothing. */
export function Lines({ trans, lines }: { trans: TranslationBundle; lines: readonly ILine[] }): JSX.Element | null {
  if (lines.length === 0) {
    return null;
  }
  return (
    <pre className="tb-Diff-lines" tabIndex={0} aria-label={trans.__('Lines that differ')}>
      {lines.map((line, n) => (
        <span key={n} className={`tb-Diff-line ${WORDS[line.sign]}`}>
          <span className="tb-Source-number" aria-hidden="true">
            {line.before ?? ''}
          </span>
          <span className="tb-Source-number" aria-hidden="true">
            {line.after ?? ''}
          </span>
          {line.sign} {line.text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

function place(execution: { readonly index: number } | null): string {
  return execution === null ? '' : `#${execution.index}`;
}
