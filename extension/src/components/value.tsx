import * as React from 'react';

import { exact, Json, number, oneLine, shortened, text, toNumber } from './format';

const WIDEST = 200;
const ABSENT = '—';

/** A param or another value: text bare, numbers exact, `—` where there is none. What is cut is whole on hover. */
export function Value({ value }: { value: Json | undefined }): JSX.Element {
  if (value === undefined) {
    return <Absent />;
  }
  const full = text(value);
  const isQuiet = value === null;
  return (
    <span className={isQuiet ? 'tb-Value tb-mod-quiet' : 'tb-Value'} title={full === '' ? undefined : full}>
      {full === '' ? '""' : shortened(full, WIDEST)}
    </span>
  );
}

/** A metric's value in six digits, all of them on hover; NaN and the infinities by name. */
export function MetricValue({ value, shown }: { value: unknown; shown?: string }): JSX.Element {
  if (value === undefined || value === null) {
    return <Absent />;
  }
  const amount = toNumber(value);
  if (amount === null) {
    return <span className="tb-Value">{oneLine(String(value))}</span>;
  }
  return (
    <span className="tb-Value tb-mod-number" title={exact(amount)}>
      {shown ?? number(amount)}
    </span>
  );
}

function Absent(): JSX.Element {
  return <span className="tb-Value tb-mod-quiet">{ABSENT}</span>;
}
