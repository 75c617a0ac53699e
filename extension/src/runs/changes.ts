import { request } from '../core/request';
import { IRunRow } from './api';

/** What people may change of a run; null takes a tag or the note away. */
export interface IRunChange {
  readonly tags?: Readonly<Record<string, string | null>>;
  readonly note?: string | null;
  readonly name?: string;
}

/** Return the path of a run's route, or of a part of it. */
export function runPath({ run_id }: IRunRow, part = ''): string {
  return ['runs', encodeURIComponent(run_id), part].filter(Boolean).join('/');
}

/** Change a run on the record. */
export async function changeRun(run: IRunRow, at: string, change: IRunChange): Promise<void> {
  await request(runPath(run), { at }, { method: 'PATCH', body: JSON.stringify(change) });
}
