import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IField } from './fields';

/** The metrics and params that can be chosen, in two groups. */
export function FieldOptions({ trans, fields }: { trans: TranslationBundle; fields: readonly IField[] }): JSX.Element {
  const groups: readonly (readonly [string, readonly IField[]])[] = [
    [trans.__('Metrics'), fields.filter(field => field.row.section === 'metrics')],
    [trans.__('Params'), fields.filter(field => field.row.section === 'params')]
  ];
  return (
    <>
      {groups
        .filter(([, own]) => own.length > 0)
        .map(([title, own]) => (
          <optgroup key={title} label={title}>
            {own.map(field => (
              <option key={field.id} value={field.id}>
                {field.label}
              </option>
            ))}
          </optgroup>
        ))}
    </>
  );
}
