import * as React from 'react';

import { CopyCode } from '../components/copy';
import { Facts } from '../components/facts';
import { ago, duration, moment, oneLine, shortId } from '../components/format';
import { Failure } from '../components/message';
import { signOf, stateWord } from '../components/states';
import { Unanswered } from '../components/unanswered';
import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IPipelineRun, IPipelines, IShownPipeline, IStep, PipelineArgs, pipelinePath } from './api';
import { useNow } from './clock';
import { Graph } from './graph';
import { StepDetail } from './step';
import { secondsOf } from './words';

const URGENT = ['failed', 'running', 'retrying', 'stopped'];

export interface IPipelineProps {
  readonly context: IContext;
  readonly args: PipelineArgs;
  readonly setTitle: (title: string) => void;
}

/** A pipeline's tab in the main area: the steps of one of its runs as a graph, and what goes on in one of them. */
export function PipelineView({ context, args, setTitle }: IPipelineProps): JSX.Element {
  const { at } = args;
  const { trans } = context;
  const [run, setRun] = React.useState(args.run);
  const answer = useAnswer<IShownPipeline>(context, pipelinePath(run), { at });
  const [chosen, setChosen] = React.useState<string | null>(null);
  const shown = answer.value;
  const now = useNow(shown?.is_live ?? false);
  const title = shown ? oneLine(shown.pipeline) : shortId(run);
  React.useEffect(() => {
    setTitle(title);
  }, [title, setTitle]);
  if (shown === null) {
    return <Unanswered context={context} answer={answer} />;
  }
  const step = shown.steps.find(each => each.name === chosen) ?? mostUrgent(shown.steps);
  return (
    <div className="tb-Pipeline">
      <Head context={context} at={at} shown={shown} now={now} onChoose={setRun} />
      {answer.failure && <Failure context={context} failure={answer.failure} retry={answer.reload} />}
      {!shown.knows_graph && (
        <p className="tb-Remark">
          {trans.__('An earlier Trackbook executed this: only the steps that ran are known, not what they need.')}
        </p>
      )}
      <Graph
        trans={trans}
        label={trans.__('Steps of %1', oneLine(shown.pipeline))}
        steps={shown.steps}
        chosen={step?.name ?? null}
        onChoose={setChosen}
        now={now}
      />
      {step && <StepDetail context={context} at={at} run={shown.run.run_id} step={step} now={now} />}
    </div>
  );
}

/** Return the step that a person wants to see first. */
function mostUrgent(steps: readonly IStep[]): IStep | undefined {
  for (const state of URGENT) {
    const found = steps.find(step => step.state === state);
    if (found !== undefined) {
      return found;
    }
  }
  return steps[steps.length - 1];
}

function Head({
  context,
  at,
  shown,
  now,
  onChoose
}: {
  context: IContext;
  at: string;
  shown: IShownPipeline;
  now: number;
  onChoose: (run: string) => void;
}): JSX.Element {
  const { trans } = context;
  const { run } = shown;
  const open = (): void => {
    void context.commands.execute('trackbook:open-run', { run: run.run_id, at });
  };
  const seconds = secondsOf(run.started_at, run.seconds, shown.is_live, now);
  return (
    <div className="tb-Head">
      <div className="tb-Head-line">
        <h1>{oneLine(shown.pipeline)}</h1>
        <span className="tb-State" data-state={run.word}>
          <span aria-hidden="true">{signOf(run.word)}</span> {stateWord(trans, run.word)}
        </span>
        <RunChoice context={context} at={at} shown={shown} onChoose={onChoose} />
        <button className="jp-mod-styled tb-Button" onClick={open}>
          {trans.__('Open its run')}
        </button>
        {!shown.is_live && shown.file !== null && (
          <CopyCode
            trans={trans}
            code={`trackbook pipeline ${run.word === 'finished' ? 'run' : 'resume'} ${quoted(shown.file)}`}
            label={
              run.word === 'finished'
                ? trans.__('Command that runs it again')
                : trans.__('Command that goes on where it ended')
            }
          />
        )}
      </div>
      {run.error !== null && <p className="tb-StepDetail-error">{oneLine(run.error)}</p>}
      <Facts
        facts={[
          [trans.__('Steps'), stepsText(context, shown.steps)],
          [trans.__('Began'), <span title={moment(run.started_at)}>{ago(trans, run.started_at)}</span>],
          [shown.is_live ? trans.__('Runs for') : trans.__('Took'), duration(trans, seconds)],
          [trans.__('Run'), oneLine(run.name)],
          [trans.__('Goes on from'), run.resumes === null ? null : shortId(run.resumes)],
          [trans.__('File'), shown.file]
        ]}
      />
    </div>
  );
}

function RunChoice({
  context,
  at,
  shown,
  onChoose
}: {
  context: IContext;
  at: string;
  shown: IShownPipeline;
  onChoose: (run: string) => void;
}): JSX.Element {
  const { trans } = context;
  const { value } = useAnswer<IPipelines>(context, 'pipelines', { at });
  const own = value?.pipelines.find(each => each.name === shown.pipeline && each.file === shown.file);
  const runs = own?.runs ?? [];
  const isListed = runs.some(each => each.run_id === shown.run.run_id);
  const listed: readonly IPipelineRun[] = isListed ? runs : [...runs, shown.run];
  const newest = listed[0];
  return (
    <>
      <select
        className="tb-Choice"
        aria-label={trans.__('Run of the pipeline')}
        value={shown.run.run_id}
        onChange={event => onChoose(event.target.value)}
      >
        {listed.map(each => (
          <option key={each.run_id} value={each.run_id}>
            {signOf(each.word)} {stateWord(trans, each.word)}, {ago(trans, each.started_at)} ({shortId(each.run_id)})
          </option>
        ))}
      </select>
      {newest.run_id !== shown.run.run_id && (
        <button className="jp-mod-styled tb-Button" onClick={() => onChoose(newest.run_id)}>
          {trans.__('Show the newest')}
        </button>
      )}
    </>
  );
}

function stepsText({ trans }: IContext, steps: readonly IStep[]): string {
  const counts = new Map<string, number>();
  steps.forEach(({ state }) => counts.set(state, (counts.get(state) ?? 0) + 1));
  return [...counts].map(([state, count]) => `${count} ${stateWord(trans, state)}`).join(', ');
}

/** Return a path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replace(/'/g, `'\\''`)}'`;
}
