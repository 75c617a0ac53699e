import * as React from 'react';

import { oneLine } from '../components/format';
import { Message } from '../components/message';
import { useAnswer } from '../core/answer';
import { IExecution, IWhy, IWhyNode, runPath } from './api';
import { IKept, Kept } from './kept';
import { Answered, IPart } from './part';
import { Tree } from './tree_view';
import { treeOf } from './tree';

interface IShown extends IPart {
  /** What is explained: a metric, a param, a table or a model; the first metric if empty. */
  readonly subject: string;
  readonly onSubject: (key: string) => void;
}

/** Why something of a run is what it is: the statements, literals and files that led to it, each a click away. */
export function Why(shown: IShown): JSX.Element {
  const { at, context, run, subject, onSubject } = shown;
  const { trans } = context;
  const answer = useAnswer<IWhy>(context, runPath(run.run_id, 'why'), { at, subject }, { isLive: false });
  const cells = useAnswer<{ readonly executions: readonly IExecution[] }>(
    context,
    runPath(run.run_id, 'executions'),
    { at },
    { isLive: false }
  );
  return (
    <>
      <label className="tb-Controls">
        {trans.__('Explain')}{' '}
        <select value={subject || (answer.value?.metric ?? '')} onChange={event => onSubject(event.target.value)}>
          {subjects(shown, answer.value?.metric).map(([title, keys]) => (
            <optgroup key={title} label={title}>
              {keys.map(key => (
                <option key={key} value={key}>
                  {oneLine(key)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      <Answered context={context} answer={answer}>
        {why => <Explained {...shown} key={why.metric} why={why} executions={cells.value?.executions ?? []} />}
      </Answered>
    </>
  );
}

function subjects({ context: { trans }, run }: IShown, asked = ''): readonly (readonly [string, readonly string[]])[] {
  const groups: [string, readonly string[]][] = [
    [trans.__('Metrics'), Object.keys(run.metrics)],
    [trans.__('Params'), Object.keys(run.params)],
    [trans.__('Tables'), [...new Set(run.datasets.map(dataset => dataset.name))]],
    [trans.__('Models'), run.models.map(model => model.name)]
  ];
  const known = groups.some(([, keys]) => keys.includes(asked));
  return [...groups, [trans.__('Asked for'), known || asked === '' ? [] : [asked]] as const].filter(
    ([, keys]) => keys.length > 0
  );
}

function Explained({
  why,
  executions,
  ...part
}: IPart & { why: IWhy; executions: readonly IExecution[] }): JSX.Element {
  const { at, context, notebooks } = part;
  const { trans } = context;
  const [kept, setKept] = React.useState<IKept | null>(null);
  const branches = React.useMemo(() => treeOf(why), [why]);
  const open = async (node: IWhyNode): Promise<void> => {
    const execution = executions.find(each => each.execution_id === node.execution_id);
    const place = {
      cellId: node.cell_id ?? execution?.cell_id ?? null,
      source: execution?.source ?? node.code ?? '',
      line: execution ? (node.line ?? 1) : 1,
      endLine: execution ? (node.end_line ?? node.line ?? 1) : (node.code ?? '').split('\n').length
    };
    const found = await notebooks.show(at, place);
    setKept(found === 'there' ? null : { ...place, found, count: node.cell });
  };
  return (
    <div className="tb-Why">
      {branches.length === 0 ? (
        <Message>{trans.__('Nothing is known of where it came from.')}</Message>
      ) : (
        <Tree context={context} why={why} branches={branches} onOpen={node => void open(node)} />
      )}
      {kept !== null && <Kept {...part} kept={kept} onClose={() => setKept(null)} />}
    </div>
  );
}
