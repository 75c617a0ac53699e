import * as React from 'react';

import { Message } from './components/message';
import { Tabs } from './components/tabs';
import { IContext } from './core/context';
import { CATEGORY, IHost } from './core/host';
import { trackbookIcon } from './core/icon';
import { isText } from './core/memory';
import { ShownWidget } from './core/shown_widget';
import { DataTab } from './data/tab';
import { ModelsTab } from './models/tab';
import { PipelinesTab } from './pipelines/tab';
import { addRuns } from './runs';
import { COMMANDS as RUN_COMMANDS } from './runs/commands';
import { RunsTab } from './runs/tab';

const OPEN = 'trackbook:open';
const TAB = 'tab';
const RUNS = 'runs';

/** One of the panel's tabs. */
export interface ITab {
  readonly id: string;
  readonly label: string;
  readonly Component: React.ComponentType<{ context: IContext }>;
}

/** The left side panel: its tabs, one of them shown. */
export class TrackbookPanel extends ShownWidget {
  constructor(
    private readonly context: IContext,
    private readonly tabs: readonly ITab[]
  ) {
    super();
    this.id = 'trackbook-panel';
    this.title.icon = trackbookIcon;
    this.title.caption = context.trans.__('Trackbook');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', context.trans.__('Trackbook'));
    this.addClass('tb-Panel');
    context.memory.changed.connect((_, key) => {
      if (key === '' || key === TAB) {
        this.update();
      }
    });
  }

  /** Which tab is shown, by its id. */
  get tab(): string {
    return this.context.memory.get(TAB, isText, RUNS);
  }

  set tab(id: string) {
    if (this.tabs.some(tab => tab.id === id)) {
      this.context.memory.set(TAB, id);
    }
  }

  protected override renderShown(): JSX.Element {
    const { memory, trans } = this.context;
    if (!memory.isReady) {
      return <Message isBusy>{trans.__('Loading …')}</Message>;
    }
    const shown = this.tabs.find(tab => tab.id === this.tab) ?? this.tabs[0];
    return (
      <Tabs
        label={trans.__('Trackbook')}
        tabs={this.tabs}
        shown={shown.id}
        onShow={id => {
          this.tab = id;
        }}
      >
        <shown.Component key={shown.id} context={this.context} />
      </Tabs>
    );
  }
}

/** Add the panel to the left area, and the commands that show it. */
export function addPanel(host: IHost): void {
  const { app, context, palette, restorer, shell } = host;
  const { trans } = context;
  const runs = addRuns(host);
  const side = new TrackbookPanel(context, [
    { id: RUNS, label: trans.__('Runs'), Component: props => <RunsTab {...props} model={runs} /> },
    { id: 'models', label: trans.__('Models'), Component: ModelsTab },
    { id: 'data', label: trans.__('Data'), Component: DataTab },
    { id: 'pipelines', label: trans.__('Pipelines'), Component: PipelinesTab }
  ]);
  app.shell.add(side, 'left', { rank: 600 });
  restorer?.add(side, side.id);
  const show = (tab: unknown): void => {
    if (isText(tab)) {
      side.tab = tab;
    }
    shell?.activateById(side.id);
  };
  app.commands.addCommand(OPEN, {
    label: trans.__('Show Trackbook'),
    icon: trackbookIcon,
    describedBy: { args: { type: 'object', properties: { tab: { type: 'string' } } } },
    execute: ({ tab }) => show(tab)
  });
  app.commands.addCommand(RUN_COMMANDS.query, {
    label: trans.__('Query runs'),
    describedBy: { args: { type: 'object', properties: {} } },
    execute: () => {
      show(RUNS);
      runs.focusQuery();
    }
  });
  palette?.addItem({ command: OPEN, category: CATEGORY });
  palette?.addItem({ command: RUN_COMMANDS.query, category: CATEGORY });
}
