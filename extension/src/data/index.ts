import { IHost } from '../core/host';

/** Add what shows datasets. */
export function addData(_host: IHost): void {}
