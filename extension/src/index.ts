import { ILabShell, ILayoutRestorer, IRouter, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { addCompare } from './compare';
import { IContext } from './core/context';
import { IHost } from './core/host';
import { Live } from './core/live';
import { Memory } from './core/memory';
import { Place } from './core/place';
import { SETTINGS } from './core/request';
import { addData } from './data';
import { addModels } from './models';
import { addNotebook } from './notebook';
import { addPanel } from './panel';
import { addPipelines } from './pipelines';
import { addRun } from './run';

const PLUGIN = 'trackbook-lab:plugin';

/** The side panel, the tabs of the main area that it opens, and what it shows in notebooks. */
const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN,
  description: 'Shows the runs of notebooks, what they are made of, and how they differ.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [
    ILabShell,
    ILayoutRestorer,
    IRouter,
    ICommandPalette,
    IDocumentManager,
    INotebookTracker,
    ISettingRegistry,
    IStateDB,
    IStatusBar,
    ITranslator
  ],
  activate: async (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    router: IRouter | null,
    palette: ICommandPalette | null,
    documents: IDocumentManager | null,
    notebooks: INotebookTracker | null,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    statusBar: IStatusBar | null,
    translator: ITranslator | null
  ) => {
    const context: IContext = {
      trans: (translator ?? nullTranslator).load('trackbook'),
      commands: app.commands,
      contents: app.serviceManager.contents,
      live: new Live(SETTINGS),
      memory: new Memory(state, PLUGIN),
      place: new Place(),
      rendermime
    };
    const settings = (await registry?.load(PLUGIN).catch(() => null)) ?? null;
    const host: IHost = {
      app,
      context,
      documents,
      notebooks,
      palette,
      restorer,
      router,
      settings,
      shell,
      state,
      statusBar
    };
    addPanel(host);
    addRun(host);
    addCompare(host);
    addData(host);
    addModels(host);
    addPipelines(host);
    addNotebook(host);
  }
};

export default plugin;
