import * as React from 'react';

import { IContext } from '../core/context';
import { ApiError } from '../core/request';
import { ICompletions, IOption } from './api';
import { QueryMistake } from './query_mistake';
import { IAskCompletions, useCompletions } from './use_completions';

export interface IQueryBoxProps {
  readonly context: IContext;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly ask: IAskCompletions;
  /** What the server said of the query, if it could not read it. */
  readonly mistake: ApiError | null;
  readonly input: React.RefObject<HTMLInputElement>;
}

/**
 * Where a query is written: with what can stand at the cursor beneath it, and its mistake at its place.
 *
 * Enter runs the query, or takes the completion that is marked; Tab takes the first; Escape closes the list.
 */
export function QueryBox({ context, query, onQuery, ask, mistake, input }: IQueryBoxProps): JSX.Element {
  const { trans } = context;
  const [written, setWritten] = React.useState(query);
  const [shownQuery, setShownQuery] = React.useState(query);
  const base = React.useId();
  const completing = useCompletions(ask);
  const { completions, marked } = completing;
  if (query !== shownQuery) {
    setShownQuery(query);
    setWritten(query);
  }
  const write = (text: string, position: number): void => {
    setWritten(text);
    completing.want(text, position);
  };
  const take = (found: ICompletions, option: IOption): void => {
    const { text, position } = completed(written, found, option);
    write(text, position);
    window.requestAnimationFrame(() => input.current?.setSelectionRange(position, position));
  };
  const press = (event: React.KeyboardEvent<HTMLInputElement>): void => {
    const action = actionOf(event, completions, marked);
    if (action === null) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (action.kind === 'mark') {
      completing.mark(action.to);
    } else if (action.kind === 'ask') {
      completing.want(written, input.current?.selectionStart ?? written.length);
    } else if (action.kind === 'take' && completions) {
      take(completions, action.option);
    } else {
      completing.close();
      if (action.kind === 'run') {
        onQuery(written);
      }
    }
  };
  const isOpen = completions !== null && completions.options.length > 0;
  const isWrong = mistake !== null && written === query;
  return (
    <div className="tb-Query">
      <div className="tb-Query-box">
        <input
          ref={input}
          className="tb-Query-input"
          type="text"
          role="combobox"
          spellCheck={false}
          autoComplete="off"
          value={written}
          placeholder={trans.__('metrics.accuracy > 0.9')}
          aria-label={trans.__('Query of runs')}
          aria-autocomplete="list"
          aria-expanded={isOpen}
          aria-controls={`${base}list`}
          aria-activedescendant={isOpen && marked !== null ? `${base}${marked}` : undefined}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? `${base}mistake` : undefined}
          onChange={event => write(event.target.value, event.target.selectionStart ?? event.target.value.length)}
          onKeyDown={press}
          onBlur={completing.close}
        />
        {written !== '' && (
          <button
            className="tb-Query-clear"
            aria-label={trans.__('Clear the query')}
            title={trans.__('Clear the query')}
            onClick={() => {
              setWritten('');
              completing.close();
              onQuery('');
              input.current?.focus();
            }}
          >
            ×
          </button>
        )}
        {isOpen && (
          <Completions base={base} label={trans.__('Completions')} found={completions} marked={marked} onTake={take} />
        )}
      </div>
      {isWrong && <QueryMistake id={`${base}mistake`} query={query} mistake={mistake} onGo={at => goTo(input, at)} />}
    </div>
  );
}

interface ICompletionsProps {
  readonly base: string;
  readonly label: string;
  readonly found: ICompletions;
  readonly marked: number | null;
  readonly onTake: (found: ICompletions, option: IOption) => void;
}

function Completions({ base, label, found, marked, onTake }: ICompletionsProps): JSX.Element {
  const list = React.useRef<HTMLUListElement>(null);
  React.useEffect(() => {
    if (marked !== null) {
      list.current?.children[marked]?.scrollIntoView?.({ block: 'nearest' });
    }
  }, [marked]);
  return (
    <ul ref={list} id={`${base}list`} className="tb-Query-completions" role="listbox" aria-label={label}>
      {found.options.map((option, at) => (
        <li
          key={option.text}
          id={`${base}${at}`}
          role="option"
          aria-selected={at === marked}
          onMouseDown={event => {
            event.preventDefault();
            onTake(found, option);
          }}
        >
          <span>{option.text}</span>
          {(option.detail || option.kind) && <span className="tb-mod-quiet">{option.detail || option.kind}</span>}
        </li>
      ))}
    </ul>
  );
}

type Action =
  | { readonly kind: 'mark'; readonly to: number }
  | { readonly kind: 'take'; readonly option: IOption }
  | { readonly kind: 'run' | 'close' | 'ask' };

function actionOf(event: React.KeyboardEvent, found: ICompletions | null, marked: number | null): Action | null {
  const options = found?.options ?? [];
  const count = options.length;
  switch (event.key) {
    case 'ArrowDown':
      return count === 0 ? { kind: 'ask' } : { kind: 'mark', to: marked === null ? 0 : (marked + 1) % count };
    case 'ArrowUp':
      return count === 0 ? null : { kind: 'mark', to: marked === null ? count - 1 : (marked - 1 + count) % count };
    case ' ':
      return event.ctrlKey ? { kind: 'ask' } : null;
    case 'Tab':
      return count > 0 && !event.shiftKey ? { kind: 'take', option: options[marked ?? 0] } : null;
    case 'Enter':
      return count > 0 && marked !== null ? { kind: 'take', option: options[marked] } : { kind: 'run' };
    case 'Escape':
      return count > 0 ? { kind: 'close' } : null;
    default:
      return null;
  }
}

/** Return the query with a completion in it, a space after it, and where the cursor stands then. */
export function completed(written: string, found: ICompletions, option: IOption): { text: string; position: number } {
  const rest = written.slice(found.to);
  const inserted = option.text + (rest.startsWith(' ') ? '' : ' ');
  const text = written.slice(0, found.from) + inserted + rest;
  return { text, position: found.from + option.text.length + 1 };
}

function goTo(input: React.RefObject<HTMLInputElement>, position: number): void {
  input.current?.focus();
  input.current?.setSelectionRange(position, position);
}
