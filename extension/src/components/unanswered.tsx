import * as React from 'react';

import { IAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { Shown } from '../core/shown';
import { CopyCode } from './copy';
import { Failure, Message } from './message';

const LOOK_MILLISECONDS = 2000;

/** What stands in place of an answer that is not there: it is loading, it failed, or nothing was ever tracked here. */
export function Unanswered({
  context,
  answer: { failure, reload },
  busy
}: {
  context: IContext;
  answer: Pick<IAnswer<unknown>, 'failure' | 'reload'>;
  /** What is going on meanwhile. */
  busy?: string;
}): JSX.Element {
  if (failure === null) {
    return <Message isBusy>{busy ?? context.trans.__('Loading …')}</Message>;
  }
  return failure.kind === 'NotFoundError' ? (
    <NotThere context={context} sentence={failure.message} look={reload} />
  ) : (
    <Failure context={context} failure={failure} retry={reload} />
  );
}

/** What is asked for is not there yet, or no more. While that is shown, it is looked now and then whether it came. */
function NotThere({
  context,
  sentence,
  look
}: {
  context: IContext;
  sentence: string;
  look: () => void;
}): JSX.Element {
  const { trans } = context;
  const isShown = React.useContext(Shown);
  React.useEffect(() => {
    if (isShown) {
      const timer = window.setInterval(look, LOOK_MILLISECONDS);
      return () => window.clearInterval(timer);
    }
  }, [isShown, look]);
  if (!isAboutStore(sentence)) {
    return <Message>{sentence}</Message>;
  }
  return (
    <Message>
      <p>{trans.__('Nothing is tracked here yet. Run this in a notebook; what it makes shows here by itself.')}</p>
      <CopyCode trans={trans} code="%load_ext trackbook" label={trans.__('The line that turns tracking on')} />
    </Message>
  );
}

/** Whether the store is what is missing, by the sentence that the server says so with. */
function isAboutStore(sentence: string): boolean {
  return sentence.startsWith('There is no store ');
}
