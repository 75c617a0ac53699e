import * as React from 'react';

/** A box whose text says what of a list is shown. */
export function Filter({
  label,
  placeholder,
  value,
  onChange
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <input
      type="search"
      className="tb-Input"
      value={value}
      placeholder={placeholder}
      aria-label={label}
      onChange={event => onChange(event.target.value)}
    />
  );
}
