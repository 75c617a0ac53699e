import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

const STATUS_MARKS: Record<string, string> = { RUNNING: '●', FINISHED: '✓', FAILED: '✗', KILLED: '■' };
const VERDICT_MARKS: Record<string, string> = { clean: '✓', unordered: '⚠', stale: '⚠' };

/** What became of a run, by a sign and a word. */
export function Status({
  trans,
  status,
  word
}: {
  trans: TranslationBundle;
  status: string;
  word?: string;
}): JSX.Element {
  return (
    <span className={`tb-Status tb-mod-${status.toLowerCase()}`}>
      <span aria-hidden="true">{STATUS_MARKS[status] ?? '?'}</span> {word ?? statusWord(trans, status)}
    </span>
  );
}

/** Whether the notebook, run from its top, would make the run again; the reason is said on hover. */
export function Verdict({
  trans,
  verdict,
  reason
}: {
  trans: TranslationBundle;
  verdict: string | null;
  reason: string | null;
}): JSX.Element | null {
  if (verdict === null) {
    return null;
  }
  const told = reason ?? trans.__('What it read was what the notebook made then, as far as that is known.');
  return (
    <span className={`tb-Verdict tb-mod-${verdict}`} title={told}>
      <span aria-hidden="true">{VERDICT_MARKS[verdict] ?? '?'}</span> {verdict}
    </span>
  );
}

function statusWord(trans: TranslationBundle, status: string): string {
  switch (status) {
    case 'RUNNING':
      return trans.__('running');
    case 'FINISHED':
      return trans.__('finished');
    case 'FAILED':
      return trans.__('failed');
    case 'KILLED':
      return trans.__('killed');
    default:
      return status;
  }
}
