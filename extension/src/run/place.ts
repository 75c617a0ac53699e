import { PathExt } from '@jupyterlab/coreutils';

/** A line of a cell as it was when it ran. */
export interface IPlaceInCell {
  readonly cellId: string | null;
  readonly source: string;
  readonly line: number;
  readonly endLine: number;
}

/** Return the folder of a notebook, or the folder itself. */
export function folderOf(at: string): string {
  return at.endsWith('.ipynb') ? PathExt.dirname(at) : at;
}

/** Return at which line (from 0) a cell's source has now what stood in a line then, null if it is there no more. */
export function lineNow(place: IPlaceInCell, source: string): number | null {
  const wanted = place.source.split('\n').slice(place.line - 1, place.endLine);
  const lines = source.split('\n');
  const isAt = (at: number): boolean => wanted.length > 0 && wanted.every((line, n) => lines[at + n] === line);
  if (isAt(place.line - 1)) {
    return place.line - 1;
  }
  const found = lines.findIndex((_, at) => isAt(at));
  return found < 0 ? null : found;
}
