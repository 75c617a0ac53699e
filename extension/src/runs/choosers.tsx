import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { oneLine } from '../components/format';
import { IExperiment, IField } from './api';
import { columnLabel } from './columns';
import { keyOf } from './fields';
import { Choice } from './model';

const MOST_SHOWN = 200;
const NAMED = 'named:';

export interface IExperimentChooserProps {
  readonly trans: TranslationBundle;
  /** The current notebook's experiment, null where there is no notebook. */
  readonly own: string | null;
  readonly experiments: readonly IExperiment[];
  readonly choice: Choice;
  readonly onChoose: (choice: Choice) => void;
}

/** Which experiment's runs are listed: that of the current notebook, one by name, or all. */
export function ExperimentChooser(props: IExperimentChooserProps): JSX.Element {
  const { trans, own, experiments, choice, onChoose } = props;
  const names = experiments.map(each => each.name);
  const chosen = choice.kind === 'named' ? NAMED + choice.name : choice.kind;
  return (
    <select
      className="tb-Select"
      aria-label={trans.__('Experiment')}
      title={trans.__('Whose runs are listed')}
      value={chosen}
      onChange={event => onChoose(choiceOf(event.target.value))}
    >
      <option value="notebook">
        {own === null ? trans.__('No notebook: all') : trans.__('%1 (this notebook)', oneLine(own))}
      </option>
      <option value="all">{trans.__('All experiments')}</option>
      {choice.kind === 'named' && !names.includes(choice.name) && (
        <option value={NAMED + choice.name}>{oneLine(choice.name)}</option>
      )}
      {experiments.map(each => (
        <option key={each.name} value={NAMED + each.name}>
          {`${oneLine(each.name)} (${each.runs})`}
        </option>
      ))}
    </select>
  );
}

export interface IGroupChooserProps {
  readonly trans: TranslationBundle;
  readonly fields: readonly IField[];
  readonly group: string;
  readonly onGroup: (field: string) => void;
}

/** What runs are grouped by: nothing, the class of their model, or one of their params. */
export function GroupChooser({ trans, fields, group, onGroup }: IGroupChooserProps): JSX.Element {
  const params = fields.filter(field => field.kind === 'param').map(field => field.field);
  const choices = [...new Set(['params.model', ...params, ...(group ? [group] : [])])];
  return (
    <select
      className="tb-Select tb-mod-short"
      aria-label={trans.__('Group by')}
      title={trans.__('Group runs by a param')}
      value={group}
      onChange={event => onGroup(event.target.value)}
    >
      <option value="">{trans.__('Group by …')}</option>
      {choices.map(field => (
        <option key={field} value={field}>
          {trans.__('by %1', oneLine(keyOf(field).key))}
        </option>
      ))}
    </select>
  );
}

export interface IColumnChooserProps {
  readonly trans: TranslationBundle;
  readonly possible: readonly string[];
  readonly columns: readonly string[];
  readonly onColumns: (columns: readonly string[] | null) => void;
  readonly onClose: () => void;
}

/** All columns that there could be, with those that are shown ticked. */
export function ColumnChooser(props: IColumnChooserProps): JSX.Element {
  const { trans, possible, columns, onClose, onColumns } = props;
  const [sought, setSought] = React.useState('');
  const missing = columns.filter(each => !possible.includes(each));
  const found = [...possible, ...missing].filter(id => matches(trans, id, sought));
  const toggle = (id: string): void =>
    onColumns(columns.includes(id) ? columns.filter(each => each !== id) : [...columns, id]);
  return (
    <div
      className="tb-Runs-chooser"
      role="group"
      aria-label={trans.__('Columns')}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          onClose();
        }
      }}
    >
      <div className="tb-Runs-chooserHead">
        <input
          className="tb-Query-input"
          type="search"
          autoFocus
          placeholder={trans.__('Find a column')}
          aria-label={trans.__('Find a column')}
          value={sought}
          onChange={event => setSought(event.target.value)}
        />
        <button className="tb-Small" onClick={() => onColumns(null)}>
          {trans.__('Reset')}
        </button>
        <button className="tb-Small" onClick={onClose}>
          {trans.__('Done')}
        </button>
      </div>
      <div className="tb-Runs-choices">
        {found.slice(0, MOST_SHOWN).map(id => (
          <label key={id}>
            <input type="checkbox" checked={columns.includes(id)} onChange={() => toggle(id)} />
            <span title={id}>{columnLabel(trans, id)}</span>
            <span className="tb-mod-quiet">{keyOf(id).scope === 'run' ? '' : keyOf(id).scope}</span>
          </label>
        ))}
        {found.length === 0 && <p className="tb-mod-quiet">{trans.__('No such column.')}</p>}
        {found.length > MOST_SHOWN && (
          <p className="tb-mod-quiet">{trans.__('%1 more: write a part of the name.', found.length - MOST_SHOWN)}</p>
        )}
      </div>
    </div>
  );
}

function matches(trans: TranslationBundle, id: string, sought: string): boolean {
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const text = `${id} ${columnLabel(trans, id)}`.toLowerCase();
  return words.every(word => text.includes(word));
}

function choiceOf(value: string): Choice {
  if (value.startsWith(NAMED)) {
    return { kind: 'named', name: value.slice(NAMED.length) };
  }
  return { kind: value === 'all' ? 'all' : 'notebook' };
}
