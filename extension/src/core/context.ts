import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { Contents } from '@jupyterlab/services';
import { TranslationBundle } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';

import { Live } from './live';
import { Memory } from './memory';
import { Place } from './place';

/** What every component may use. */
export interface IContext {
  readonly trans: TranslationBundle;
  readonly commands: CommandRegistry;
  readonly contents: Contents.IManager;
  readonly live: Live;
  /** What is kept over a reload. */
  readonly memory: Memory;
  readonly place: Place;
  readonly rendermime: IRenderMimeRegistry;
}
