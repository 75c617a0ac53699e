import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { signOf, stateWord, verdictSign } from '../components/states';

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
      <span aria-hidden="true">{signOf(word ?? status)}</span> {word ?? stateWord(trans, status)}
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
      <span aria-hidden="true">{verdictSign(verdict)}</span> {verdict}
    </span>
  );
}
