import { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { LabIcon } from '@jupyterlab/ui-components';
import { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { IContext } from './context';
import { trackbookIcon } from './icon';
import { ShownWidget } from './shown_widget';

/** A kind of tab in the main area: a run, a comparison, a dataset. */
export interface IView<Args extends ReadonlyJSONObject> {
  /** Names the command that opens it: `trackbook:open-<kind>`. */
  readonly kind: string;
  /** What tells one tab from another, from its arguments; the same key comes to the front instead of opening again. */
  readonly key: (args: Args) => string;
  readonly title: (args: Args) => string;
  readonly icon?: LabIcon;
  readonly Component: React.ComponentType<{ context: IContext; args: Args; setTitle: (title: string) => void }>;
}

/** Return the name of the command that opens a kind of view; its arguments are those of the view. */
export function openCommand(kind: string): string {
  return `trackbook:open-${kind}`;
}

class View<Args extends ReadonlyJSONObject> extends ShownWidget {
  constructor(
    private readonly view: IView<Args>,
    private readonly context: IContext,
    readonly args: Args
  ) {
    super();
    this.addClass('tb-View');
  }

  protected override renderShown(): JSX.Element {
    const { Component } = this.view;
    return <Component context={this.context} args={this.args} setTitle={this._setTitle} />;
  }

  private readonly _setTitle = (title: string): void => {
    this.title.label = title;
  };
}

/** Add the command that opens a kind of view, whose tabs are there again after a reload. */
export function addView<Args extends ReadonlyJSONObject>(
  app: JupyterFrontEnd,
  context: IContext,
  restorer: ILayoutRestorer | null,
  view: IView<Args>
): void {
  const tracker = new WidgetTracker<MainAreaWidget<View<Args>>>({ namespace: `trackbook-${view.kind}` });
  const command = openCommand(view.kind);
  app.commands.addCommand(command, {
    label: args => context.trans.__('Open %1', view.title(args as Args)),
    describedBy: { args: { type: 'object' } },
    execute: given => {
      const args = given as Args;
      const id = `trackbook-${view.kind}-${view.key(args)}`;
      let tab = tracker.find(each => each.id === id);
      if (tab === undefined) {
        const content = new View(view, context, args);
        tab = new MainAreaWidget({ content });
        tab.toolbar.hide();
        tab.id = id;
        tab.title.label = view.title(args);
        tab.title.icon = view.icon ?? trackbookIcon;
        tab.title.closable = true;
        content.title.changed.connect(title => {
          tab!.title.label = title.label;
        });
        void tracker.add(tab);
      }
      if (!tab.isAttached) {
        app.shell.add(tab, 'main');
      }
      app.shell.activateById(tab.id);
      return tab;
    }
  });
  void restorer?.restore(tracker, {
    command,
    args: tab => tab.content.args,
    name: tab => view.key(tab.content.args)
  });
}
