import { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { Chart } from '../components/chart';
import { duration, number, oneLine, shortened, size } from '../components/format';
import { Message } from '../components/message';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IExecution, IResources, runPath } from './api';
import { Answered, IPart, Section } from './part';

const MEGABYTE = 1_000_000;
const WIDEST_CODE = 60;

/** What each cell of a run used, over time and cell by cell. */
export function Resources({ at, context, run }: IPart): JSX.Element {
  const { trans } = context;
  const answer = useAnswer<{ readonly executions: readonly IExecution[] }>(
    context,
    runPath(run.run_id, 'executions'),
    { at },
    { isLive: run.status === 'RUNNING' }
  );
  return (
    <Answered context={context} answer={answer}>
      {({ executions }) => {
        const measured = executions.filter(({ resources }) => Object.values(resources).some(each => each !== null));
        if (measured.length === 0) {
          return <Message>{trans.__('What the cells of this run used was not measured.')}</Message>;
        }
        return (
          <>
            <Overall context={context} executions={executions} />
            <OverTime context={context} executions={measured} />
            <PerCell context={context} executions={executions} />
          </>
        );
      }}
    </Answered>
  );
}

interface IShown {
  readonly context: IContext;
  readonly executions: readonly IExecution[];
}

function Overall({ context: { trans }, executions }: IShown): JSX.Element {
  const of = (key: keyof IResources): number[] =>
    executions.map(each => each.resources[key]).filter((value): value is number => value !== null);
  const cpu = of('cpu_seconds');
  const memory = of('peak_memory_bytes');
  const gpu = of('gpu_peak_memory_bytes');
  const seconds = executions.reduce((sum, each) => sum + (each.seconds ?? 0), 0);
  const facts = [
    trans._n('%1 cell', '%1 cells', executions.length),
    trans.__('%1 in cells', duration(trans, seconds)),
    cpu.length > 0 ? trans.__('%1 of CPU', duration(trans, sum(cpu))) : '',
    memory.length > 0 ? trans.__('at most %1 of memory', size(Math.max(...memory))) : '',
    gpu.length > 0 ? trans.__('at most %1 of GPU memory', size(Math.max(...gpu))) : ''
  ];
  return (
    <p className="tb-Run-line">
      {facts.filter(Boolean).map((fact, n) => (
        <span key={n}>{fact}</span>
      ))}
    </p>
  );
}

/** Memory and the share of CPU over the seconds since the first cell, each cell as wide as it took. */
function OverTime({ context, executions }: IShown): JSX.Element {
  const { trans } = context;
  const start = Math.min(...executions.map(each => Date.parse(each.started_at)));
  const rows = executions
    .filter(each => each.seconds !== null)
    .map(each => {
      const { count, index, resources, seconds } = each;
      const from = (Date.parse(each.started_at) - start) / 1000;
      const busy = resources.cpu_seconds === null || !seconds ? null : resources.cpu_seconds / seconds;
      return {
        cell: `[${count ?? index}]`,
        from,
        to: from + (seconds ?? 0),
        memory: resources.peak_memory_bytes === null ? null : resources.peak_memory_bytes / MEGABYTE,
        cores: busy,
        gpu: resources.gpu_percent,
        gpuMemory: resources.gpu_peak_memory_bytes === null ? null : resources.gpu_peak_memory_bytes / MEGABYTE
      };
    });
  const charts: readonly (readonly [keyof (typeof rows)[number], string])[] = [
    ['memory', trans.__('Peak memory, MB')],
    ['cores', trans.__('CPU cores busy')],
    ['gpuMemory', trans.__('Peak GPU memory, MB')],
    ['gpu', trans.__('GPU busy, %')]
  ];
  return (
    <Section title={trans.__('Over time')}>
      <div className="tb-Cards">
        {charts
          .filter(([field]) => rows.some(row => row[field] !== null))
          .map(([field, title]) => (
            <figure key={field} className="tb-Card">
              <figcaption>{title}</figcaption>
              <Chart context={context} label={title} height={150} spec={overTimeSpec(context, rows, field, title)} />
            </figure>
          ))}
      </div>
    </Section>
  );
}

function overTimeSpec(
  { trans }: IContext,
  rows: readonly ReadonlyJSONObject[],
  field: string,
  title: string
): ReadonlyJSONObject {
  const seconds = trans.__('Seconds since the first cell');
  return {
    data: { values: rows.filter(row => row[field] !== null) },
    mark: { type: 'rect', opacity: 0.75, stroke: 'currentColor', strokeWidth: 0.4, minWidth: 2 },
    encoding: {
      x: { field: 'from', type: 'quantitative', title: seconds, axis: { grid: false } },
      x2: { field: 'to' },
      y: { field, type: 'quantitative', title: null, scale: { domainMin: 0 } },
      y2: { datum: 0 },
      tooltip: [
        { field: 'cell', title: trans.__('Cell') },
        { field, type: 'quantitative', title, format: '.4~r' },
        { field: 'from', type: 'quantitative', title: seconds, format: '.3~r' }
      ]
    }
  };
}

function PerCell({ context: { trans }, executions }: IShown): JSX.Element {
  const hasGpu = executions.some(({ resources }) => resources.gpu_peak_memory_bytes !== null);
  const bytes = (value: number | null): string => (value === null ? '—' : size(value));
  return (
    <Section title={trans.__('By cell')}>
      <table className="tb-Grid" aria-label={trans.__('What each cell used')}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Cell')}</th>
            <th scope="col">{trans.__('Code')}</th>
            {[trans.__('Took'), trans.__('CPU'), trans.__('Peak memory')].map(title => (
              <th key={title} scope="col" className="tb-mod-end">
                {title}
              </th>
            ))}
            {hasGpu && <th scope="col">{trans.__('GPU')}</th>}
          </tr>
        </thead>
        <tbody>
          {executions.map(({ execution_id: id, count, index, resources, seconds, source }) => (
            <tr key={id}>
              <td className="tb-mod-quiet">[{count ?? index}]</td>
              <td>
                <code title={source}>{shortened(oneLine(source.split('\n', 1)[0]), WIDEST_CODE)}</code>
              </td>
              <td className="tb-mod-end">{duration(trans, seconds)}</td>
              <td className="tb-mod-end">{duration(trans, resources.cpu_seconds)}</td>
              <td className="tb-mod-end">{bytes(resources.peak_memory_bytes)}</td>
              {hasGpu && (
                <td>
                  {[
                    bytes(resources.gpu_peak_memory_bytes),
                    resources.gpu_percent === null ? '' : `${number(resources.gpu_percent)} %`
                  ].join(' ')}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
