import { TranslationBundle } from '@jupyterlab/translation';

const SIGNS: Readonly<Record<string, string>> = {
  waiting: '○',
  running: '●',
  retrying: '↻',
  finished: '✓',
  skipped: '»',
  failed: '✗',
  blocked: '⊘',
  stopped: '■',
  killed: '⊗'
};
const VERDICT_SIGNS: Readonly<Record<string, string>> = { clean: '✓', unordered: '⇅', stale: '⟳' };

/** Return the sign of the state of a run or a step: each has another shape. */
export function signOf(state: string): string {
  return SIGNS[state.toLowerCase()] ?? '?';
}

/** Return the state of a run or a step as a word. */
export function stateWord(trans: TranslationBundle, state: string): string {
  const words: Record<string, string> = {
    waiting: trans.__('waiting'),
    running: trans.__('running'),
    retrying: trans.__('retrying'),
    finished: trans.__('finished'),
    skipped: trans.__('skipped'),
    failed: trans.__('failed'),
    blocked: trans.__('blocked'),
    stopped: trans.__('stopped'),
    killed: trans.__('killed')
  };
  return words[state.toLowerCase()] ?? state;
}

/** Return the sign of a verdict. */
export function verdictSign(verdict: string): string {
  return VERDICT_SIGNS[verdict] ?? '≠';
}
