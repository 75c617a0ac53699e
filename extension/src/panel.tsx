import * as React from 'react';

import { IContext } from './core/context';
import { CATEGORY, IHost } from './core/host';
import { trackbookIcon } from './core/icon';
import { ShownWidget } from './core/shown';
import { DataTab } from './data/tab';
import { ModelsTab } from './models/tab';
import { PipelinesTab } from './pipelines/tab';
import { RunsTab } from './runs/tab';

const OPEN = 'trackbook:open';

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
  }

  /** Which tab is shown, by its id. */
  get tab(): string {
    return this._tab;
  }

  set tab(id: string) {
    if (this.tabs.some(tab => tab.id === id)) {
      this._tab = id;
      this.update();
    }
  }

  protected override renderShown(): JSX.Element {
    const shown = this.tabs.find(tab => tab.id === this._tab) ?? this.tabs[0];
    return (
      <>
        <div className="tb-Tabs" role="tablist" aria-label={this.context.trans.__('Trackbook')}>
          {this.tabs.map(tab => (
            <button
              key={tab.id}
              role="tab"
              id={`tb-tab-${tab.id}`}
              aria-selected={tab === shown}
              aria-controls="tb-tab-content"
              onClick={() => {
                this.tab = tab.id;
              }}
            >
              {tab.label}
            </button>
          ))}
        </div>
        {shown && (
          <div id="tb-tab-content" className="tb-TabContent" role="tabpanel" aria-labelledby={`tb-tab-${shown.id}`}>
            <shown.Component key={shown.id} context={this.context} />
          </div>
        )}
      </>
    );
  }

  private _tab = 'runs';
}

/** Add the panel to the left area, and the command that shows it. */
export function addPanel({ app, context, palette, restorer, shell }: IHost): void {
  const { trans } = context;
  const side = new TrackbookPanel(context, [
    { id: 'runs', label: trans.__('Runs'), Component: RunsTab },
    { id: 'models', label: trans.__('Models'), Component: ModelsTab },
    { id: 'data', label: trans.__('Data'), Component: DataTab },
    { id: 'pipelines', label: trans.__('Pipelines'), Component: PipelinesTab }
  ]);
  app.shell.add(side, 'left', { rank: 600 });
  restorer?.add(side, side.id);
  app.commands.addCommand(OPEN, {
    label: trans.__('Show Trackbook'),
    describedBy: { args: { type: 'object', properties: { tab: { type: 'string' } } } },
    execute: args => {
      if (typeof args.tab === 'string') {
        side.tab = args.tab;
      }
      shell?.activateById(side.id);
    }
  });
  palette?.addItem({ command: OPEN, category: CATEGORY });
}
