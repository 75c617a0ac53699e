import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Widget } from '@lumino/widgets';

import { IContext } from '../core/context';
import { CATEGORY, IHost } from '../core/host';
import { CellMarks } from './cell_marks';
import { followNotebook } from './follow';
import { NotebookState } from './notebook_state';
import { StatusRun } from './status';
import { Switch } from './switch';

const TOGGLE = 'trackbook:toggle-tracking';
const SWITCH_ITEM = 'trackbook-switch';

/** What of it the person wants; the names are those of the settings. */
interface IWanted {
  readonly cellMarks: boolean;
  readonly statusBar: boolean;
  readonly toolbarSwitch: boolean;
}

interface IOpened {
  readonly state: NotebookState;
  marks: CellMarks | null;
  item: Switch | null;
}

/** Add what is shown in notebooks: the switch, the current run, and the marks of cells. */
export function addNotebook(host: IHost): void {
  const { app, context, notebooks, palette, settings } = host;
  if (notebooks === null) {
    return;
  }
  followNotebook(notebooks, context.place);
  const opened = new Map<NotebookPanel, IOpened>();
  const status = addStatus(host, notebooks, panel => open(panel).state);
  const apply = (): void => {
    const wanted = wantedOf(host);
    opened.forEach(each => showIn(context, each, wanted));
    status.setHidden(!wanted.statusBar);
  };
  notebooks.widgetAdded.connect((_, panel) => void open(panel));
  notebooks.forEach(panel => void open(panel));
  settings?.changed.connect(apply);
  apply();
  app.commands.addCommand(TOGGLE, {
    label: context.trans.__('Switch Tracking of This Notebook On or Off'),
    describedBy: { args: { type: 'object' } },
    isEnabled: () => notebooks.currentWidget !== null,
    execute: async () => {
      const panel = notebooks.currentWidget;
      if (panel !== null) {
        await flip(context, open(panel));
      }
    }
  });
  palette?.addItem({ command: TOGGLE, category: CATEGORY });

  function open(panel: NotebookPanel): IOpened {
    const known = opened.get(panel);
    if (known !== undefined) {
      return known;
    }
    const each: IOpened = { state: new NotebookState(panel, context), marks: null, item: null };
    opened.set(panel, each);
    panel.disposed.connect(() => opened.delete(panel));
    showIn(context, each, wantedOf(host));
    return each;
  }
}

function wantedOf({ settings }: IHost): IWanted {
  const isOn = (key: keyof IWanted): boolean => settings?.get(key).composite !== false;
  return { cellMarks: isOn('cellMarks'), statusBar: isOn('statusBar'), toolbarSwitch: isOn('toolbarSwitch') };
}

/** Have a notebook show what is wanted, and no more. */
function showIn(context: IContext, opened: IOpened, wanted: IWanted): void {
  const { state } = opened;
  state.isWanted = wanted.cellMarks || wanted.statusBar || wanted.toolbarSwitch;
  if (wanted.cellMarks) {
    opened.marks ??= new CellMarks(context, state);
  } else {
    opened.marks?.dispose();
    opened.marks = null;
  }
  if (wanted.toolbarSwitch && opened.item === null) {
    opened.item = new Switch(context, state);
    place(state.panel, opened.item);
  } else if (!wanted.toolbarSwitch) {
    opened.item?.dispose();
    opened.item = null;
  }
}

function place({ toolbar }: NotebookPanel, item: Widget): void {
  if (!toolbar.insertBefore('kernelName', SWITCH_ITEM, item)) {
    toolbar.addItem(SWITCH_ITEM, item);
  }
}

async function flip(context: IContext, { item, state }: IOpened): Promise<void> {
  const used = item ?? new Switch(context, state);
  await used.flip();
  if (used !== item) {
    used.dispose();
  }
}

/** Add the current run to the status bar. */
function addStatus(
  { context, statusBar }: IHost,
  notebooks: INotebookTracker,
  stateOf: (panel: NotebookPanel) => NotebookState
): StatusRun {
  const item = new StatusRun(context);
  const follow = (): void => {
    const panel = notebooks.currentWidget;
    item.state = panel === null ? null : stateOf(panel);
  };
  notebooks.currentChanged.connect(follow);
  follow();
  statusBar?.registerStatusItem('trackbook:current-run', {
    item,
    align: 'left',
    rank: 900,
    isActive: () => item.run !== null,
    activeStateChanged: item.runChanged
  });
  return item;
}
