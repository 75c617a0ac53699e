import * as React from 'react';

/** A name and what is known by it; those without a value are left out. */
export type Fact = readonly [name: string, value: React.ReactNode];

/** Names and values, one pair after the other. */
export function Facts({ facts }: { facts: readonly Fact[] }): JSX.Element {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return (
    <dl className="tb-Known">
      {known.map(([name, value]) => (
        <div key={name} className="tb-Known-pair">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
