import { request } from '../core/request';
import { IRunRow } from './api';

/** What people may change of a run; null takes a tag or the note away. */
export interface IRunChange {
  readonly tags?: Readonly<Record<string, string | null>>;
  readonly note?: string | null;
  readonly name?: string;
}

/** Change a run on the record. */
export async function changeRun(run: IRunRow, at: string, change: IRunChange): Promise<void> {
  await request(`runs/${encodeURIComponent(run.run_id)}`, { at }, { method: 'PATCH', body: JSON.stringify(change) });
}
