import { IHost } from '../core/host';

/** Add what shows a run. */
export function addRun(_host: IHost): void {}
