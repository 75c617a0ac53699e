import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { oneLine } from '../components/format';
import { signOf, stateWord } from '../components/states';
import { IStep } from './api';
import { ILayout, IPlaced, ISizes, layoutOf } from './layout';
import { secondsOf, stepLine } from './words';

const SIZES: ISizes = { width: 204, height: 52, gapX: 60, gapY: 18, passing: 14, margin: 16 };
const LABEL_BELOW = 12;

export interface IGraphProps {
  readonly trans: TranslationBundle;
  readonly label: string;
  readonly steps: readonly IStep[];
  readonly chosen: string | null;
  readonly onChoose: (step: string) => void;
  readonly now: number;
}

/**
 * The steps of a pipeline and what passes between them.
 *
 * One step is reached by Tab, the others by arrows: right to what needs it, left to what it needs, up and down.
 */
export function Graph({ trans, label, steps, chosen, onChoose, now }: IGraphProps): JSX.Element {
  const shape = JSON.stringify(steps.map(({ name, needs }) => ({ name, needs })));
  const layout = React.useMemo(() => layoutOf(JSON.parse(shape) as IStep[], SIZES), [shape]);
  const place = React.useRef<HTMLDivElement>(null);
  const byName = new Map(steps.map(step => [step.name, step]));
  const reached = chosen !== null && byName.has(chosen) ? chosen : (layout.steps[0]?.name ?? null);
  const press = (event: React.KeyboardEvent): void => {
    const from = (event.target as HTMLElement).dataset.step;
    const to = from === undefined ? null : neighbour(event.key, from, layout, steps);
    if (to !== null) {
      event.preventDefault();
      onChoose(to);
      const boxes = [...(place.current?.querySelectorAll<HTMLElement>('[data-step]') ?? [])];
      boxes.find(box => box.dataset.step === to)?.focus();
    }
  };
  return (
    <div className="tb-Graph" role="group" aria-label={label} ref={place} onKeyDown={press}>
      <div className="tb-Graph-whole" style={{ width: layout.width, height: layout.height }}>
        <Lines trans={trans} layout={layout} byName={byName} chosen={chosen} />
        {layout.steps.map(placed => {
          const step = byName.get(placed.name);
          return (
            step && (
              <StepBox
                key={placed.name}
                trans={trans}
                step={step}
                placed={placed}
                isChosen={placed.name === chosen}
                isReached={placed.name === reached}
                onChoose={onChoose}
                now={now}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

function Lines({
  trans,
  layout,
  byName,
  chosen
}: {
  trans: TranslationBundle;
  layout: ILayout;
  byName: ReadonlyMap<string, IStep>;
  chosen: string | null;
}): JSX.Element {
  return (
    <svg className="tb-Graph-lines" width={layout.width} height={layout.height} aria-hidden="true">
      {layout.lines.map(({ from, to, path }) => {
        const data = byName.get(to)?.data[from] ?? [];
        const isNear = from === chosen || to === chosen;
        const isLive = byName.get(to)?.state === 'running';
        return (
          <path
            key={`${from}\0${to}`}
            className={`tb-Graph-line${isNear ? ' tb-mod-near' : ''}${isLive ? ' tb-mod-live' : ''}`}
            d={path}
          >
            <title>
              {data.length > 0
                ? trans.__('%1 takes %2 from %3', oneLine(to), data.map(oneLine).join(', '), oneLine(from))
                : trans.__('%1 comes after %2', oneLine(to), oneLine(from))}
            </title>
          </path>
        );
      })}
      {layout.steps.map(placed => (
        <Passed key={placed.name} placed={placed} layout={layout} byName={byName} />
      ))}
    </svg>
  );
}

/** What a step hands on, written below the lines that leave it. */
function Passed({
  placed,
  layout,
  byName
}: {
  placed: IPlaced;
  layout: ILayout;
  byName: ReadonlyMap<string, IStep>;
}): JSX.Element | null {
  const leaving = layout.lines.filter(line => line.from === placed.name);
  const data = new Set(leaving.flatMap(line => byName.get(line.to)?.data[placed.name] ?? []));
  if (data.size === 0) {
    return null;
  }
  const [first, ...rest] = [...data].map(oneLine);
  const y = placed.y + SIZES.height + LABEL_BELOW;
  return (
    <text className="tb-Graph-data" x={placed.x + SIZES.width} y={y} textAnchor="end">
      → {first}
      {rest.length > 0 && ` +${rest.length}`}
      <title>{[first, ...rest].join(', ')}</title>
    </text>
  );
}

function StepBox({
  trans,
  step,
  placed,
  isChosen,
  isReached,
  onChoose,
  now
}: {
  trans: TranslationBundle;
  step: IStep;
  placed: IPlaced;
  isChosen: boolean;
  isReached: boolean;
  onChoose: (step: string) => void;
  now: number;
}): JSX.Element {
  const isLive = step.state === 'running';
  const line = stepLine(trans, step, secondsOf(step.started_at, step.seconds, isLive, now));
  const word = stateWord(trans, step.state);
  const name = oneLine(step.name);
  return (
    <button
      className="tb-Step"
      data-step={step.name}
      data-state={step.state}
      aria-pressed={isChosen}
      aria-label={`${name}, ${word}: ${line}`}
      title={`${name}\n${word}: ${line}`}
      tabIndex={isReached ? 0 : -1}
      style={{ left: placed.x, top: placed.y, width: SIZES.width, height: SIZES.height }}
      onClick={() => onChoose(step.name)}
    >
      <span className="tb-Step-sign" aria-hidden="true">
        {signOf(step.state)}
      </span>
      <span className="tb-Step-name">{name}</span>
      <span className="tb-Step-line">{line}</span>
      {isLive && <Progress step={step} />}
    </button>
  );
}

function Progress({ step: { cell, cells } }: { step: IStep }): JSX.Element {
  const done = cell !== null && cells ? Math.min(1, (cell - 1) / cells) : 0;
  return (
    <span className="tb-Step-progress" aria-hidden="true">
      <span style={{ width: `${100 * done}%` }} />
    </span>
  );
}

/** Return which step an arrow leads to from another, null if to none. */
export function neighbour(key: string, from: string, layout: ILayout, steps: readonly IStep[]): string | null {
  const here = layout.steps.find(each => each.name === from);
  if (here === undefined) {
    return null;
  }
  const inRow = (row: number): string | null =>
    layout.steps.find(each => each.column === here.column && each.row === row)?.name ?? null;
  switch (key) {
    case 'ArrowRight':
      return steps.find(each => each.needs.includes(from))?.name ?? null;
    case 'ArrowLeft':
      return steps.find(each => each.name === from)?.needs[0] ?? null;
    case 'ArrowDown':
      return inRow(here.row + 1);
    case 'ArrowUp':
      return inRow(here.row - 1);
    case 'Home':
      return layout.steps[0].name;
    case 'End':
      return layout.steps[layout.steps.length - 1].name;
    default:
      return null;
  }
}
