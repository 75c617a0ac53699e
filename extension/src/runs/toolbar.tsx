import * as React from 'react';

import { count } from '../components/count';
import { IContext } from '../core/context';
import { IExperiment, IField } from './api';
import { ExperimentChooser, GroupChooser } from './choosers';
import { COMMANDS } from './commands';
import { RunsModel } from './model';

export interface IToolbarProps {
  readonly context: IContext;
  readonly model: RunsModel;
  /** The current notebook's experiment, null where there is no notebook. */
  readonly own: string | null;
  readonly experiments: readonly IExperiment[];
  readonly fields: readonly IField[];
  /** How many runs are listed, null while that isn't known. */
  readonly total: number | null;
  readonly isChoosing: boolean;
  readonly onChoosing: () => void;
}

/** Above the list: whose runs, grouped by what, which columns, and the button that compares. */
export function Toolbar(props: IToolbarProps): JSX.Element {
  const { context, model, own, experiments, fields, total, isChoosing, onChoosing } = props;
  const { commands, trans } = context;
  const selected = model.selected.size;
  return (
    <div className="tb-Runs-toolbar" role="toolbar" aria-label={trans.__('What is listed')}>
      <span className="tb-Runs-whose">
        <ExperimentChooser
          trans={trans}
          own={own}
          experiments={experiments}
          choice={model.choice}
          onChoose={choice => {
            model.choice = choice;
          }}
        />
        <span className="tb-Runs-total tb-mod-quiet" role="status">
          {total === null ? '' : trans._n('%2 run', '%2 runs', total, count(total))}
        </span>
      </span>
      <span className="tb-Runs-how">
        <GroupChooser
          trans={trans}
          fields={fields}
          group={model.group}
          onGroup={field => {
            model.group = field;
          }}
        />
        <button className="tb-Small" aria-expanded={isChoosing} onClick={onChoosing}>
          {trans.__('Columns')}
        </button>
        <button
          className="tb-Small tb-mod-main"
          disabled={selected < 2}
          title={selected < 2 ? trans.__('Select two or more runs to compare them') : undefined}
          onClick={() => void commands.execute(COMMANDS.compare)}
        >
          {selected < 2 ? trans.__('Compare') : trans.__('Compare %1', selected)}
        </button>
      </span>
    </div>
  );
}
