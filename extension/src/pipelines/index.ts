import { shortId } from '../components/format';
import { IHost } from '../core/host';
import { addView } from '../core/views';
import { PipelineArgs } from './api';
import { PipelineView } from './view';

/** Add the tab that shows a pipeline. */
export function addPipelines({ app, context, restorer }: IHost): void {
  addView<PipelineArgs>(app, context, restorer, {
    kind: 'pipeline',
    key: ({ at, run }) => `${at}:${run}`,
    title: ({ run }) => context.trans.__('Pipeline %1', shortId(run)),
    Component: PipelineView
  });
}
