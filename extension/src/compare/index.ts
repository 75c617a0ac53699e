import * as React from 'react';

import { IHost } from '../core/host';
import { addView, openCommand } from '../core/views';
import { choosePart } from './choice';
import { LINK, linkedIn, withoutLink } from './link';
import { CompareView, ICompareArgs, ICompareViewProps } from './view';

const OPEN_LINK = 'trackbook:open-comparison-link';

/** Add what shows runs side by side, and what opens it from a link. */
export function addCompare({ app, context, restorer, router }: IHost): void {
  addView<ICompareArgs>(app, context, restorer, {
    kind: 'compare',
    key: keyOf,
    title: () => context.trans.__('Compare'),
    Component: (props: Omit<ICompareViewProps, 'id'>) =>
      React.createElement(CompareView, { ...props, id: keyOf(props.args) })
  });
  if (router === null) {
    return;
  }
  app.commands.addCommand(OPEN_LINK, {
    label: context.trans.__('Open the comparison of a link'),
    describedBy: { args: { type: 'object', properties: { search: { type: 'string' } } } },
    execute: async args => {
      const linked = linkedIn(typeof args.search === 'string' ? args.search : (router.current.search ?? ''));
      if (linked === null) {
        return;
      }
      await app.restored;
      const { at, part, runs } = linked;
      const { hash, path, search } = router.current;
      router.navigate(`${path}${withoutLink(search ?? '')}${hash ?? ''}`, { skipRouting: true });
      if (part !== '') {
        await choosePart(context, keyOf({ runs, at }), part);
      }
      await app.commands.execute(openCommand('compare'), { runs, at });
    }
  });
  router.register({ command: OPEN_LINK, pattern: LINK, rank: 40 });
}

function keyOf({ runs }: ICompareArgs): string {
  return Array.isArray(runs) ? runs.join(',') : '';
}
