import { IHost } from '../core/host';

/** Add what shows runs side by side. */
export function addCompare(_host: IHost): void {}
