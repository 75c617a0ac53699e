import { IRunRow } from '../runs/api';

/** Return a run for tests: finished, of one experiment, with what is given. */
export function aRun(run_id: string, given: Partial<IRunRow> = {}): IRunRow {
  return {
    run_id,
    name: `name-${run_id}`,
    experiment: 'churn',
    status: 'FINISHED',
    word: 'finished',
    verdict: 'clean',
    verdict_reason: null,
    started_at: '2026-03-01T12:00:00+00:00',
    finished_at: '2026-03-01T12:00:10+00:00',
    seconds: 10,
    parent_id: null,
    children: 0,
    note: null,
    models: [],
    datasets: [],
    params: {},
    metrics: {},
    tags: {},
    ...given
  };
}
