/**
 * Where the steps of a pipeline stand in a picture: in columns by what they need, few lines crossing.
 *
 * The layered method of Sugiyama, Tagawa and Toda (1981): a step stands one column behind the last of its needs; a line
 * that passes a column goes through a place of its own there; the order within a column follows the middle of what its
 * places are joined to.
 */

const SWEEPS = 6;

export interface ISizes {
  readonly width: number;
  readonly height: number;
  readonly gapX: number;
  readonly gapY: number;
  /** The height of a place where a line passes. */
  readonly passing: number;
  readonly margin: number;
}

/** A step's box: its column, its row among the steps of that column, and its left upper corner. */
export interface IPlaced {
  readonly name: string;
  readonly column: number;
  readonly row: number;
  readonly x: number;
  readonly y: number;
}

export interface ILine {
  readonly from: string;
  readonly to: string;
  /** What `d` of an SVG path is. */
  readonly path: string;
}

export interface ILayout {
  readonly steps: readonly IPlaced[];
  readonly lines: readonly ILine[];
  readonly width: number;
  readonly height: number;
}

interface INeeding {
  readonly name: string;
  readonly needs: readonly string[];
}

interface IRoute {
  readonly from: string;
  readonly to: string;
  readonly places: readonly string[];
}

/** Return where steps stand; they are given in an order in which they can run. Needs of unknown steps are left out. */
export function layoutOf(steps: readonly INeeding[], sizes: ISizes): ILayout {
  const columnOf = columnsOf(steps);
  const known = new Set(columnOf.keys());
  const routes = routesOf(steps, columnOf);
  const columns: string[][] = [];
  columnOf.forEach((column, place) => (columns[column] ??= []).push(place));
  uncross(columns, routes);
  return placed(columns, known, routes, sizes);
}

function columnsOf(steps: readonly INeeding[]): Map<string, number> {
  const columnOf = new Map<string, number>();
  for (const { name, needs } of steps) {
    columnOf.set(name, Math.max(0, ...needs.map(need => (columnOf.get(need) ?? -1) + 1)));
  }
  return columnOf;
}

/** Return the places that each line goes through; those on its way are added to the columns. */
function routesOf(steps: readonly INeeding[], columnOf: Map<string, number>): readonly IRoute[] {
  const routes: IRoute[] = [];
  for (const { name, needs } of steps) {
    for (const need of new Set(needs)) {
      const [start, end] = [columnOf.get(need), columnOf.get(name)];
      if (start === undefined || end === undefined || start >= end) {
        continue;
      }
      const passing: string[] = [];
      for (let column = start + 1; column < end; column += 1) {
        const place = JSON.stringify([need, name, column]);
        columnOf.set(place, column);
        passing.push(place);
      }
      routes.push({ from: need, to: name, places: [need, ...passing, name] });
    }
  }
  return routes;
}

function uncross(columns: string[][], routes: readonly IRoute[]): void {
  const before = new Map<string, string[]>();
  const after = new Map<string, string[]>();
  for (const { places } of routes) {
    for (let at = 1; at < places.length; at += 1) {
      join(after, places[at - 1], places[at]);
      join(before, places[at], places[at - 1]);
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    if (sweep % 2 === 0) {
      for (let at = 1; at < columns.length; at += 1) {
        columns[at] = ordered(columns[at], columns[at - 1], before);
      }
    } else {
      for (let at = columns.length - 2; at >= 0; at -= 1) {
        columns[at] = ordered(columns[at], columns[at + 1], after);
      }
    }
  }
}

function join(joined: Map<string, string[]>, place: string, other: string): void {
  const others = joined.get(place);
  if (others === undefined) {
    joined.set(place, [other]);
  } else {
    others.push(other);
  }
}

function ordered(column: readonly string[], beside: readonly string[], joined: Map<string, string[]>): string[] {
  const rows = new Map(beside.map((place, row) => [place, row]));
  const middle = new Map(
    column.map((place, row) => {
      const others = joined.get(place) ?? [];
      const sum = others.reduce((total, other) => total + (rows.get(other) ?? 0), 0);
      return [place, others.length === 0 ? row : sum / others.length];
    })
  );
  return [...column].sort((one, other) => (middle.get(one) ?? 0) - (middle.get(other) ?? 0));
}

function placed(
  columns: readonly (readonly string[])[],
  known: ReadonlySet<string>,
  routes: readonly IRoute[],
  sizes: ISizes
): ILayout {
  const { gapX, gapY, height, margin, passing, width } = sizes;
  const tall = (place: string): number => (known.has(place) ? height : passing);
  const heights = columns.map(column => column.reduce((sum, place) => sum + tall(place) + gapY, -gapY));
  const whole = Math.max(0, ...heights) + 2 * margin;
  const steps: IPlaced[] = [];
  const middles = new Map<string, { x: number; y: number }>();
  columns.forEach((column, at) => {
    const x = margin + at * (width + gapX);
    let y = (whole - heights[at]) / 2;
    let row = 0;
    for (const place of column) {
      if (known.has(place)) {
        steps.push({ name: place, column: at, row, x, y });
        row += 1;
      }
      middles.set(place, { x, y: y + tall(place) / 2 });
      y += tall(place) + gapY;
    }
  });
  const lines = routes.map(({ from, to, places }) => {
    const points = places.map(place => middles.get(place) ?? { x: 0, y: 0 });
    return { from, to, path: pathThrough(points, width) };
  });
  return { steps, lines, width: 2 * margin + columns.length * (width + gapX) - gapX, height: whole };
}

/** Return a curve from the right side of the first place to the left side of the last, level where it passes others. */
function pathThrough(points: readonly { x: number; y: number }[], width: number): string {
  let { x, y } = points[0];
  x += width;
  let path = `M${x} ${y}`;
  points.slice(1).forEach((point, at) => {
    const bend = (point.x - x) / 2;
    path += `C${x + bend} ${y} ${point.x - bend} ${point.y} ${point.x} ${point.y}`;
    ({ x, y } = point);
    if (at < points.length - 2) {
      x += width;
      path += `H${x}`;
    }
  });
  return path;
}
