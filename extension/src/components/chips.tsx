import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { oneLine } from './format';

export interface IChipsProps {
  readonly trans: TranslationBundle;
  /** What the chips are on, for screen readers. */
  readonly label: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Without it, tags can't be taken off. */
  readonly onRemove?: (key: string) => void;
  /** Without it, none can be added. */
  readonly onAdd?: (key: string, value: string) => void;
  /** Whether its buttons are reached by Tab; in a long list only those of the current row are. */
  readonly isReachable?: boolean;
}

/** Tags as chips, which can be taken off and added. */
export function Chips({ trans, label, tags, onRemove, onAdd, isReachable = true }: IChipsProps): JSX.Element {
  const tabIndex = isReachable ? 0 : -1;
  return (
    <span className="tb-Chips" role="group" aria-label={label}>
      {Object.entries(tags).map(([key, value]) => (
        <span key={key} className="tb-Chip" title={`${oneLine(key)}: ${oneLine(value)}`}>
          <span className="tb-Chip-text">{chipText(key, value)}</span>
          {onRemove && (
            <button
              className="tb-Chip-button"
              tabIndex={tabIndex}
              aria-label={trans.__('Take tag %1 off', key)}
              title={trans.__('Take tag %1 off', key)}
              onClick={event => {
                event.stopPropagation();
                onRemove(key);
              }}
            >
              ×
            </button>
          )}
        </span>
      ))}
      {onAdd && <Adder trans={trans} onAdd={onAdd} tabIndex={tabIndex} />}
    </span>
  );
}

/** Return the tag that a text means: `key=value` or `key: value`; a text alone is a key without a value. */
export function tagOf(written: string): [string, string] | null {
  const found = /^\s*([^=:\s](?:[^=:]*[^=:\s])?)\s*(?:[=:]\s*(.*?)\s*)?$/su.exec(written);
  return found ? [found[1], found[2] ?? ''] : null;
}

function chipText(key: string, value: string): string {
  return value === '' ? oneLine(key) : `${oneLine(key)}: ${oneLine(value)}`;
}

function Adder({
  trans,
  onAdd,
  tabIndex
}: Required<Pick<IChipsProps, 'trans' | 'onAdd'>> & { tabIndex: number }): JSX.Element {
  const [written, setWritten] = React.useState<string | null>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const close = (isDone: boolean): void => {
    const tag = isDone && written !== null ? tagOf(written) : null;
    setWritten(null);
    if (tag) {
      onAdd(...tag);
    }
    window.setTimeout(() => button.current?.focus());
  };
  if (written === null) {
    return (
      <button
        ref={button}
        className="tb-Chip-add"
        tabIndex={tabIndex}
        aria-label={trans.__('Add a tag')}
        title={trans.__('Add a tag')}
        onClick={event => {
          event.stopPropagation();
          setWritten('');
        }}
      >
        +
      </button>
    );
  }
  return (
    <input
      className="tb-Chip-input"
      autoFocus
      value={written}
      placeholder={trans.__('key: value')}
      aria-label={trans.__('Tag, as key: value')}
      onClick={event => event.stopPropagation()}
      onChange={event => setWritten(event.target.value)}
      onBlur={() => setWritten(null)}
      onKeyDown={event => {
        event.stopPropagation();
        if (event.key === 'Enter' || event.key === 'Escape') {
          close(event.key === 'Enter');
        }
      }}
    />
  );
}
