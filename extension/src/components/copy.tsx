import { Clipboard } from '@jupyterlab/apputils';
import { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

const TOLD_MILLISECONDS = 1500;

export interface ICopyCodeProps {
  readonly trans: TranslationBundle;
  readonly code: string;
  /** What the code does, for screen readers and on hover: `Code to load it`. */
  readonly label: string;
}

/** A line of code, and a button that copies it. */
export function CopyCode({ trans, code, label }: ICopyCodeProps): JSX.Element {
  const [isTold, setIsTold] = React.useState(false);
  React.useEffect(() => {
    if (!isTold) {
      return;
    }
    const timer = window.setTimeout(() => setIsTold(false), TOLD_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [isTold]);
  const copy = (): void => {
    Clipboard.copyToSystem(code);
    setIsTold(true);
  };
  return (
    <span className="tb-CopyCode" role="group" aria-label={label} title={label}>
      <code>{code}</code>
      <button className="tb-CopyCode-button" aria-label={trans.__('Copy: %1', label)} onClick={copy}>
        <copyIcon.react tag="span" className="tb-CopyCode-icon" />
        <span role="status">{isTold ? trans.__('Copied') : trans.__('Copy')}</span>
      </button>
    </span>
  );
}
