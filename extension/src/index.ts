import { ILabShell, ILayoutRestorer, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { TrackbookPanel } from './panel';

const OPEN = 'trackbook:open';

/** The side panel and the command that shows it. */
const panel: JupyterFrontEndPlugin<void> = {
  id: 'trackbook-lab:panel',
  description: 'A side panel that shows the runs of the notebook.',
  autoStart: true,
  optional: [ILabShell, ILayoutRestorer, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ) => {
    const trans = (translator ?? nullTranslator).load('trackbook');
    const side = new TrackbookPanel(trans);
    app.shell.add(side, 'left', { rank: 600 });
    restorer?.add(side, side.id);
    app.commands.addCommand(OPEN, {
      label: trans.__('Show Trackbook'),
      execute: () => shell?.activateById(side.id)
    });
    palette?.addItem({ command: OPEN, category: 'Trackbook' });
  }
};

export default [panel];
