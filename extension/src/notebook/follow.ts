import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { Place } from '../core/place';

/** Have the place be that of the current notebook, also when it is renamed. */
export function followNotebook(notebooks: INotebookTracker, place: Place): void {
  let current: NotebookPanel | null = null;
  const take = (): void => {
    if (current !== null) {
      place.path = current.context.path;
    }
  };
  const follow = (): void => {
    current?.context.pathChanged.disconnect(take);
    current = notebooks.currentWidget;
    current?.context.pathChanged.connect(take);
    take();
  };
  notebooks.currentChanged.connect(follow);
  follow();
}
