import { IHost } from '../core/host';

/** Add what shows pipelines. */
export function addPipelines(_host: IHost): void {}
