import * as React from 'react';

import { Message } from '../components/message';
import { IContext } from '../core/context';

/** The tab Pipelines. */
export function PipelinesTab({ context }: { context: IContext }): JSX.Element {
  return <Message>{context.trans.__('Nothing yet.')}</Message>;
}
