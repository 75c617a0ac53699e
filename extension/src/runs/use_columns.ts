import * as React from 'react';

import { useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { IColumns, IField } from './api';
import { defaultColumns, possibleColumns } from './fields';
import { RunsModel } from './model';

/** The columns that are shown, what they can be, and all that there could be. */
export interface IShownColumns {
  readonly columns: readonly string[];
  /** Null until the server has told them. */
  readonly fields: readonly IField[] | null;
  readonly possible: readonly string[];
}

/** Return the columns for an experiment: those that somebody chose, else those of the settings. */
export function useColumns(context: IContext, model: RunsModel, at: string, experiment: string): IShownColumns {
  const answer = useAnswer<IColumns>(context, 'columns', { at, experiment });
  const fields = answer.value?.columns ?? (answer.failure ? [] : null);
  const chosen = model.columns(experiment);
  const key = JSON.stringify([fields, chosen, model.defaultColumns]);
  return React.useMemo(() => {
    const columns = chosen ?? defaultColumns(model.defaultColumns, fields ?? []);
    return { columns, fields, possible: possibleColumns(fields ?? []) };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for what is used
  }, [key]);
}
