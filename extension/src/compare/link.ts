import { PageConfig, URLExt } from '@jupyterlab/coreutils';

const RUNS = 'trackbook-compare';
const AT = 'trackbook-at';
const PART = 'trackbook-part';

/** What a link to a comparison says: which runs, of which notebook or folder, and which part of the page. */
export interface ILinked {
  readonly runs: readonly string[];
  readonly at: string;
  readonly part: string;
}

/** Matches addresses that open a comparison. */
export const LINK = /[?&]trackbook-compare=/u;

/** Return the address that opens a comparison, for somebody who may use this server. It holds no token. */
export function linkTo({ runs, at, part }: ILinked): string {
  const query = new URLSearchParams({ [RUNS]: runs.join(','), [AT]: at, [PART]: part });
  return `${URLExt.join(PageConfig.getShareUrl(), 'lab')}?${query.toString()}`;
}

/** Return what an address asks for, null if it names no runs. */
export function linkedIn(search: string): ILinked | null {
  const query = new URLSearchParams(search);
  const runs = (query.get(RUNS) ?? '').split(',').filter(run => run !== '');
  return runs.length === 0 ? null : { runs, at: query.get(AT) ?? '', part: query.get(PART) ?? '' };
}

/** Return an address's search without what opens a comparison: a reload is not to open it again once it was closed. */
export function withoutLink(search: string): string {
  const query = new URLSearchParams(search);
  [RUNS, AT, PART].forEach(name => query.delete(name));
  const rest = query.toString();
  return rest === '' ? '' : `?${rest}`;
}
