import { ILabShell, ILayoutRestorer, IRouter, JupyterFrontEnd } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';

import { IContext } from './context';

/** What each part of the extension is given to add itself to JupyterLab. */
export interface IHost {
  readonly app: JupyterFrontEnd;
  readonly context: IContext;
  readonly documents: IDocumentManager | null;
  readonly notebooks: INotebookTracker | null;
  readonly palette: ICommandPalette | null;
  readonly restorer: ILayoutRestorer | null;
  readonly router: IRouter | null;
  readonly settings: ISettingRegistry.ISettings | null;
  readonly shell: ILabShell | null;
  readonly state: IStateDB | null;
  readonly statusBar: IStatusBar | null;
}

/** The category of Trackbook's commands in the palette. */
export const CATEGORY = 'Trackbook';
