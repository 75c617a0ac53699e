import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Json, oneLine } from '../components/format';
import { IModelCard } from './api';

const MOST = 20;

interface IField {
  readonly name: string;
  readonly dtype: string;
}

/** What goes into a model and what comes out, one column a row. */
export function Signature({ trans, model }: { trans: TranslationBundle; model: IModelCard }): JSX.Element | null {
  const [isWhole, setIsWhole] = React.useState(false);
  const { inputs, outputs } = fieldsOf(model);
  if (inputs.length + outputs.length === 0) {
    return null;
  }
  const shown = isWhole ? inputs : inputs.slice(0, MOST);
  const rest = inputs.length - shown.length;
  const rows = [
    ...shown.map(field => ({ ...field, way: trans.__('in') })),
    ...outputs.map(field => ({ ...field, way: trans.__('out') }))
  ];
  return (
    <section>
      <h2>{trans.__('Signature')}</h2>
      <table className="tb-Grid" aria-label={trans.__('Signature of %1', oneLine(model.name))}>
        <thead>
          <tr>
            <th scope="col">{trans.__('Way')}</th>
            <th scope="col">{trans.__('Name')}</th>
            <th scope="col">{trans.__('Type')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, dtype, way }, n) => (
            <tr key={n}>
              <td className="tb-mod-quiet">{way}</td>
              <th scope="row">{name}</th>
              <td>{dtype || '—'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rest > 0 && (
        <button className="jp-mod-styled tb-Button" onClick={() => setIsWhole(true)}>
          {trans._n('Show %1 more input', 'Show %1 more inputs', rest)}
        </button>
      )}
    </section>
  );
}

/** Return the columns that a model takes and gives, from its signature, or only the names of its features. */
export function fieldsOf({ features, signature }: IModelCard): {
  readonly inputs: readonly IField[];
  readonly outputs: readonly IField[];
} {
  const inputs = listed(signature.inputs);
  const outputs = listed(signature.outputs);
  return {
    inputs: inputs.length > 0 ? inputs : features.map(name => ({ name: oneLine(name), dtype: '' })),
    outputs: outputs.length > 0 ? outputs : listed(signature.target)
  };
}

function listed(value: Json | undefined): readonly IField[] {
  if (value === null || value === undefined || typeof value !== 'object') {
    return [];
  }
  const columns: readonly Json[] = Array.isArray(value) ? value : [value as Json];
  return columns.flatMap((column, n) => {
    if (typeof column === 'string') {
      return [{ name: oneLine(column), dtype: '' }];
    }
    if (column === null || typeof column !== 'object' || Array.isArray(column)) {
      return [];
    }
    const { dtype, name } = column as Readonly<Record<string, Json>>;
    return [{ name: textOf(name) || String(n), dtype: textOf(dtype) }];
  });
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? oneLine(value) : '';
}
