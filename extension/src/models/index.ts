import { oneLine } from '../components/format';
import { IHost } from '../core/host';
import { addView } from '../core/views';
import { ModelArgs } from './api';
import { ModelView } from './view';

/** Add the tab that shows a model. */
export function addModels({ app, context, restorer }: IHost): void {
  addView<ModelArgs>(app, context, restorer, {
    kind: 'model',
    key: ({ at, model, run }) => `${at}:${run}/${model}`,
    title: ({ model }) => context.trans.__('Model %1', oneLine(model)),
    Component: ModelView
  });
}
