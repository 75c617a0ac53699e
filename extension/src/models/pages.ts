import * as React from 'react';

import { failureOf, useAnswer } from '../core/answer';
import { IContext } from '../core/context';
import { ApiError, request } from '../core/request';
import { IModelRow, IModelsPage } from './api';

const PAGE = 100;

/** The models that are there so far. */
export interface IModels {
  readonly models: readonly IModelRow[];
  readonly failure: ApiError | null;
  readonly isLoading: boolean;
  /** Whether there are no more. */
  readonly isWhole: boolean;
  readonly loadMore: () => void;
  readonly reload: () => void;
}

interface IRest {
  readonly key: string;
  readonly models: readonly IModelRow[];
  readonly next: number | null;
  readonly failure: ApiError | null;
}

/** Ask for models page by page: the first one is kept up to date, the others are asked for when they come into view. */
export function useModels(context: IContext, at: string, name: string): IModels {
  const first = useAnswer<IModelsPage>(context, 'models', { at, name, limit: PAGE });
  const page = first.value;
  const key = JSON.stringify([at, name, page?.total]);
  const [rest, setRest] = React.useState<IRest | null>(null);
  const own = rest?.key === key ? rest : null;
  const next = own === null ? (page?.next_offset ?? null) : own.next;
  const asking = React.useRef('');
  const loadMore = React.useCallback(() => {
    const turn = `${key} ${next}`;
    if (next === null || asking.current === turn) {
      return;
    }
    asking.current = turn;
    const known = own?.models ?? [];
    request<IModelsPage>('models', { at, name, limit: PAGE, offset: next }).then(
      more => setRest({ key, models: [...known, ...more.models], next: more.next_offset, failure: null }),
      error => setRest({ key, models: known, next: null, failure: failureOf(error) })
    );
  }, [at, key, name, next, own]);
  const models = React.useMemo(
    () => distinct([...(page?.models ?? []), ...(own?.models ?? [])]),
    [page, own]
  );
  return {
    models,
    failure: first.failure ?? own?.failure ?? null,
    isLoading: first.isLoading,
    isWhole: next === null,
    loadMore,
    reload: first.reload
  };
}

/** Return models without those that are there twice, because a run came in between two pages. */
function distinct(models: readonly IModelRow[]): readonly IModelRow[] {
  const found = new Map(models.map(model => [`${model.run_id} ${model.model_id}`, model]));
  return [...found.values()];
}
