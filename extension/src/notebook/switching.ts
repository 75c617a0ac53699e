import { ISessionContext } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';

import { ApiError } from '../core/request';
import { INotebookAnswer } from './api';

/** How the switch looks: as tracking stands, `unready` where there is no kernel that could be tracked. */
export type SwitchLook = 'on' | 'off' | 'error' | 'none' | 'unready';

export interface ISwitch {
  readonly look: SwitchLook;
  readonly label: string;
  /** What is so, and what a click does. */
  readonly title: string;
  /** What a click runs, null where it does nothing. */
  readonly code: string | null;
}

const LOAD = '%load_ext trackbook';
const ON = '%track on';
const OFF = '%track off';

/** Return how the switch stands, from what the store knows; the kernel is never asked. */
export function switchOf(
  trans: TranslationBundle,
  session: Pick<ISessionContext, 'session' | 'hasNoKernel'>,
  language: string,
  answer: INotebookAnswer | null,
  failure: ApiError | null
): ISwitch {
  const unready = (title: string): ISwitch => ({
    look: 'unready',
    label: trans.__('Not tracked'),
    title,
    code: null
  });
  if (failure?.kind === 'NoServer' || failure?.kind === 'NoAnswer') {
    return unready(trans.__('This Jupyter server does not know Trackbook. Install trackbook in its environment.'));
  }
  if (session.hasNoKernel || !session.session?.kernel) {
    return unready(trans.__('This notebook has no kernel. Start one to track it.'));
  }
  if (language !== '' && language !== 'python') {
    return unready(trans.__('Trackbook records kernels of Python; this one is of %1.', language));
  }
  const state = answer?.session.state ?? 'none';
  const reason = answer?.session.reason ?? '';
  switch (state) {
    case 'on':
      return {
        look: 'on',
        label: trans.__('Tracked'),
        title: trans.__('Trackbook records this notebook. Click to stop that (%1).', OFF),
        code: OFF
      };
    case 'off':
      return {
        look: 'off',
        label: trans.__('Tracking off'),
        title: trans.__('Trackbook is loaded, and records nothing. Click to go on (%1).', ON),
        code: ON
      };
    case 'error':
      return {
        look: 'error',
        label: trans.__('Tracking error'),
        title: `${reason} ${trans.__('Click to try again (%1).', ON)}`.trim(),
        code: ON
      };
    default:
      return {
        look: 'none',
        label: trans.__('Not tracked'),
        title: trans.__('Nothing records this kernel yet. Click to load Trackbook into it (%1).', LOAD),
        code: LOAD
      };
  }
}

/** Run a magic without a trace in the notebook; return what went wrong, an empty text if nothing. */
export async function runSilently(
  trans: TranslationBundle,
  session: Pick<ISessionContext, 'session'>,
  code: string
): Promise<string> {
  const kernel = session.session?.kernel;
  if (!kernel) {
    return trans.__('This notebook has no kernel. Start one to track it.');
  }
  const future = kernel.requestExecute({ code, silent: true, store_history: false, allow_stdin: false });
  const { content } = await future.done;
  if (content.status === 'ok') {
    return '';
  }
  if (content.status === 'error') {
    return explained(trans, content.ename, content.evalue);
  }
  return trans.__('The kernel did not run %1. Try again when it is idle.', code);
}

function explained(trans: TranslationBundle, name: string, message: string): string {
  if (name === 'ModuleNotFoundError') {
    return trans.__('This kernel does not have Trackbook. Run %pip install trackbook in it, and try again.');
  }
  return message === '' ? name : `${name}: ${message}`;
}
