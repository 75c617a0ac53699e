/** A query, taken apart only as far as the panel writes into it; the server alone reads it whole. */
export interface IParts {
  /** The conditions, empty if there are none. */
  readonly where: string;
  /** What follows `order by`, empty if nothing does. */
  readonly order: string;
  /** What follows `limit`. */
  readonly limit: string;
}

/** The first term of an order. */
export interface IOrder {
  readonly field: string;
  readonly isDescending: boolean;
}

const WORD = /"(?:[^"]|"")*"?|'(?:[^']|'')*'?|`(?:[^`]|``)*`?|[^\s"'`]+|\s+/gy;
const PLAIN_KEY = /^[\w./@:+%-]*[\w/@:+%-]$/u;

/** Take a query apart at `order by` and `limit`, where they don't stand in quotes. */
export function partsOf(query: string): IParts {
  const words = query.match(WORD) ?? [];
  const found = { where: '', order: '', limit: '' };
  let part: keyof IParts = 'where';
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at].toLowerCase();
    if (word === 'order' && words[at + 2]?.toLowerCase() === 'by') {
      part = 'order';
      at += 2;
    } else if (word === 'limit') {
      part = 'limit';
    } else {
      found[part] += words[at];
    }
  }
  return { where: found.where.trim(), order: found.order.trim(), limit: found.limit.trim() };
}

/** Put a query together again. */
export function queryOf({ where, order, limit }: IParts): string {
  return [where, order && `order by ${order}`, limit && `limit ${limit}`].filter(Boolean).join(' ');
}

/** Return by what a query puts runs in order first, null where it doesn't. */
export function orderOf(query: string): IOrder | null {
  const first = firstTerm(partsOf(query).order);
  if (first === '') {
    return null;
  }
  const [, field, direction] = /^(.*?)(?:\s+(asc|desc))?$/isu.exec(first) ?? [];
  return { field, isDescending: direction?.toLowerCase() === 'desc' };
}

/** Return a query with another order, null for none. */
export function withOrder(query: string, order: IOrder | null): string {
  const text = order === null ? '' : `${order.field} ${order.isDescending ? 'desc' : 'asc'}`;
  return queryOf({ ...partsOf(query), order: text });
}

/** Return a query narrowed by one more condition. */
export function withCondition(query: string, condition: string): string {
  const parts = partsOf(query);
  const where = /\bor\b/i.test(parts.where) ? `(${parts.where})` : parts.where;
  return queryOf({ ...parts, where: where ? `${where} and ${condition}` : condition });
}

/** Return how a query names a metric, a param or a tag. */
export function fieldText(scope: string, key: string): string {
  return `${scope}.${PLAIN_KEY.test(key) ? key : quoted(key, '`')}`;
}

/** Return a text in quotes, with those that it contains doubled. */
export function quoted(text: string, quote = '"'): string {
  return `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
}

/** Return where a character stands that the server counts as the n-th: it counts 🙂 as one, JavaScript as two. */
export function unitsOf(text: string, points: number): number {
  return [...text].slice(0, points).join('').length;
}

/** Return the place that the server knows a place of JavaScript's as. */
export function pointsOf(text: string, units: number): number {
  return [...text.slice(0, units)].length;
}

function firstTerm(order: string): string {
  let term = '';
  for (const word of order.match(WORD) ?? []) {
    const comma = /^["'`]/.test(word) ? -1 : word.indexOf(',');
    term += comma < 0 ? word : word.slice(0, comma);
    if (comma >= 0) {
      break;
    }
  }
  return term.trim();
}
