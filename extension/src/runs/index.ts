import { ISettingRegistry } from '@jupyterlab/settingregistry';

import { isTexts } from '../core/memory';
import { IHost } from '../core/host';
import { addRunCommands } from './commands';
import { DEFAULT_COLUMNS } from './fields';
import { RunsModel } from './model';

/** Add what acts on the list of runs, and return what the list shows. */
export function addRuns(host: IHost): RunsModel {
  const { context, settings } = host;
  const model = new RunsModel(context.memory);
  addRunCommands(host, model);
  if (settings) {
    follow(settings, model);
    settings.changed.connect(changed => follow(changed, model));
  }
  return model;
}

function follow(settings: ISettingRegistry.ISettings, model: RunsModel): void {
  const { composite } = settings;
  model.defaultColumns = isTexts(composite.columns) ? composite.columns : DEFAULT_COLUMNS;
  model.density = composite.density === 'compact' ? 'compact' : 'comfortable';
}
