import { IHost } from '../core/host';

/** Add what shows models. */
export function addModels(_host: IHost): void {}
