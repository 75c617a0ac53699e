import { ReadonlyJSONObject, ReadonlyJSONValue } from '@lumino/coreutils';
import * as React from 'react';

import { IContext } from './context';
import { Memory } from './memory';

const MOST = 30;
const NOTHING: ReadonlyJSONObject = {};

/**
 * Keep a value for one of many (the part shown of a run) over a reload. Of each group the last ones changed are kept.
 *
 * `isValue` says whether what was kept, perhaps by another version, can be used.
 */
export function useRemembered<Value extends ReadonlyJSONValue>(
  { memory }: IContext,
  group: string,
  id: string,
  isValue: (kept: unknown) => kept is Value,
  otherwise: Value
): [Value, (value: Value) => void] {
  const subscribe = React.useCallback(
    (hear: () => void) => {
      memory.changed.connect(hear);
      return () => {
        memory.changed.disconnect(hear);
      };
    },
    [memory]
  );
  const all = React.useSyncExternalStore(subscribe, () => memory.get(group, isGroup, NOTHING));
  const kept = all[id];
  const keep = React.useCallback((value: Value): void => remember(memory, group, id, value), [memory, group, id]);
  return [isValue(kept) ? kept : otherwise, keep];
}

/** Keep a value for one of many. Wait for `memory.ready` first: what was kept of the others is known only then. */
export function remember(memory: Memory, group: string, id: string, value: ReadonlyJSONValue): void {
  const others = Object.entries(memory.get(group, isGroup, NOTHING)).filter(([each]) => each !== id);
  memory.set(group, { ...Object.fromEntries(others.slice(1 - MOST)), [id]: value });
}

function isGroup(kept: unknown): kept is ReadonlyJSONObject {
  return typeof kept === 'object' && kept !== null && !Array.isArray(kept);
}
