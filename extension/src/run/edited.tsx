import * as React from 'react';

export interface IEditedProps {
  /** What is edited, for screen readers and on hover. */
  readonly label: string;
  readonly value: string;
  /** What stands there while there is nothing. */
  readonly placeholder: string;
  readonly isLong?: boolean;
  readonly className?: string;
  /** Save; what it throws is shown by whoever gave it. */
  readonly onSave: (value: string) => Promise<void>;
}

/**
 * A text that is edited in place: a click or Enter begins, Escape leaves it as it was, leaving the field saves.
 *
 * Enter saves a short text; in a long one it is a line, and Ctrl with Enter saves. What can't be saved stays there.
 */
export function Edited({
  label,
  value,
  placeholder,
  isLong = false,
  className = '',
  onSave
}: IEditedProps): JSX.Element {
  const [written, setWritten] = React.useState<string | null>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const isSaving = React.useRef(false);
  const end = (isBack: boolean): void => {
    setWritten(null);
    if (isBack) {
      window.setTimeout(() => button.current?.focus());
    }
  };
  const save = async (isBack: boolean): Promise<void> => {
    if (written === null || isSaving.current) {
      return;
    }
    if (written === value) {
      end(isBack);
      return;
    }
    isSaving.current = true;
    try {
      await onSave(written);
      end(isBack);
    } catch {
      // whoever saves has said why; what was written stays
    } finally {
      isSaving.current = false;
    }
  };
  if (written === null) {
    return (
      <button
        ref={button}
        className={`tb-Edited ${className} ${value === '' ? 'tb-mod-quiet' : ''}`}
        aria-label={`${label}: ${value === '' ? placeholder : value}`}
        title={label}
        onClick={() => setWritten(value)}
      >
        {value === '' ? placeholder : value}
      </button>
    );
  }
  const field = {
    className: `tb-Edited-field ${className}`,
    'aria-label': label,
    autoFocus: true,
    value: written,
    onBlur: () => void save(false),
    onKeyDown: (event: React.KeyboardEvent): void => {
      event.stopPropagation();
      if (event.key === 'Escape') {
        end(true);
      } else if (event.key === 'Enter' && (!isLong || event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        void save(true);
      }
    }
  };
  return isLong ? (
    <textarea {...field} rows={Math.max(3, written.split('\n').length)} onChange={e => setWritten(e.target.value)} />
  ) : (
    <input {...field} onChange={e => setWritten(e.target.value)} />
  );
}
