import { IHost } from '../core/host';

/** Add what is shown in notebooks: the switch, the current run, and the marks of cells. */
export function addNotebook(host: IHost): void {
  const { context, notebooks } = host;
  const follow = (): void => {
    const path = notebooks?.currentWidget?.context.path;
    if (path !== undefined) {
      context.place.path = path;
    }
  };
  notebooks?.currentChanged.connect(follow);
  follow();
}
