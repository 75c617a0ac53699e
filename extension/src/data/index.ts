import { oneLine } from '../components/format';
import { IHost } from '../core/host';
import { addView } from '../core/views';
import { DatasetArgs } from './api';
import { DatasetView } from './view';

/** Add the tab that shows a dataset. */
export function addData({ app, context, restorer }: IHost): void {
  addView<DatasetArgs>(app, context, restorer, {
    kind: 'dataset',
    key: ({ at, name, version }) => `${at}:${name}@${version ?? 'latest'}`,
    title: ({ name, version }) => oneLine(version === undefined ? name : `${name}@${version}`),
    Component: DatasetView
  });
}
