import { TranslationBundle } from '@jupyterlab/translation';

/** What JSON can carry; NaN and the infinities come as texts. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const DIGITS = 6;
const SPECIAL: Record<string, number> = { NaN, Infinity, '-Infinity': -Infinity };
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const MARKS: Record<string, string> = { '\n': '⏎', '\t': '⇥', '\r': '' };

/** Return the number that a metric's value stands for, null where it is none. */
export function toNumber(value: unknown): number | null {
  if (typeof value === 'number') {
    return value;
  }
  return typeof value === 'string' && value in SPECIAL ? SPECIAL[value] : null;
}

/** Return a number in six significant digits, integers whole, the special ones by name. */
export function number(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) {
    return exact(value);
  }
  const exponent = Number(value.toExponential(DIGITS - 1).split('e')[1]);
  if (exponent < -4 || exponent >= DIGITS) {
    const [mantissa, power] = value.toExponential(DIGITS - 1).split('e');
    return `${bare(mantissa)}e${padded(power)}`;
  }
  return bare(value.toFixed(DIGITS - 1 - exponent));
}

/** Return a number with every digit that it has. */
export function exact(value: number): string {
  const [mantissa, power] = String(value).split('e');
  return power === undefined ? mantissa : `${mantissa}e${padded(power)}`;
}

/**
 * Return numbers with as many decimals each, so that they line up, and enough that different ones look different.
 * Where magnitudes are too far apart for that, each is written as `number` does.
 */
export function aligned(values: readonly number[]): string[] {
  const decimals = decimalsOf(values);
  return values.map(value => withDecimals(value, decimals));
}

/** Return how many decimals let numbers line up; null where each is best written by itself. */
export function decimalsOf(values: readonly number[]): number | null {
  const finite = values.filter(Number.isFinite);
  const sizes = finite.filter(each => each !== 0).map(Math.abs);
  const isPlain = finite.every(Number.isInteger) || sizes.length === 0;
  const [least, most] = sizes.reduce(([low, high], each) => [Math.min(low, each), Math.max(high, each)], [Infinity, 0]);
  if (isPlain || most >= 1e6 || least < 1e-4) {
    return null;
  }
  let decimals = Math.min(Math.max(0, 3 - Math.floor(Math.log10(least))), DIGITS);
  const different = new Set(finite).size;
  while (decimals < DIGITS && new Set(finite.map(each => each.toFixed(decimals))).size < different) {
    decimals += 1;
  }
  return decimals;
}

/** Return a number with so many decimals, or as `number` writes it. */
export function withDecimals(value: number, decimals: number | null): string {
  return decimals === null || !Number.isFinite(value) ? number(value) : value.toFixed(decimals);
}

/** Return a difference with its sign; zero has none. */
export function signed(value: number): string {
  if (value === 0 || !Number.isFinite(value)) {
    return value === 0 ? '0' : exact(value);
  }
  return (value > 0 ? '+' : '') + number(Number(value.toPrecision(3)));
}

/** Return a param as people read it: text bare, numbers exact, the rest as JSON; `True`, `False`, `None` as in code. */
export function text(value: Json | undefined): string {
  if (value === undefined) {
    return '';
  }
  if (typeof value === 'string') {
    return oneLine(value);
  }
  if (typeof value === 'boolean') {
    return value ? 'True' : 'False';
  }
  if (value === null) {
    return 'None';
  }
  return typeof value === 'number' ? exact(value) : oneLine(JSON.stringify(value));
}

/** Return a text on one line, with characters that are not seen made visible. */
export function oneLine(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, each => MARKS[each] ?? codeOf(each));
}

/** Return a text of at most so many characters, its end replaced by `…` where it was longer. */
export function shortened(value: string, width: number): string {
  const characters = [...value];
  return characters.length <= width ? value : `${characters.slice(0, width - 1).join('').trimEnd()}…`;
}

/** Return the part of an id that people use. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

/** Return a duration in its two largest units, `—` where there is none. */
export function duration(trans: TranslationBundle, seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) {
    return '—';
  }
  if (seconds < 0.0995) {
    return trans.__('%1 ms', (seconds * 1000).toFixed(0));
  }
  if (seconds < 10) {
    return trans.__('%1 s', seconds.toFixed(1));
  }
  const whole = Math.round(seconds);
  if (whole < MINUTE) {
    return trans.__('%1 s', whole);
  }
  if (whole < HOUR) {
    return trans.__('%1 min %2 s', Math.floor(whole / MINUTE), whole % MINUTE);
  }
  if (whole < DAY) {
    return trans.__('%1 h %2 min', Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE));
  }
  return trans.__('%1 d %2 h', Math.floor(whole / DAY), Math.floor((whole % DAY) / HOUR));
}

/** Return how long ago a moment (ISO 8601) was; beyond a month its date. */
export function ago(trans: TranslationBundle, at: string, now: Date = new Date()): string {
  const seconds = (now.getTime() - new Date(at).getTime()) / 1000;
  if (seconds < 45) {
    return trans.__('just now');
  }
  if (seconds < HOUR) {
    return trans.__('%1 min ago', Math.max(1, Math.round(seconds / MINUTE)));
  }
  if (seconds < DAY) {
    return trans.__('%1 h ago', Math.round(seconds / HOUR));
  }
  if (seconds < 30 * DAY) {
    return trans.__('%1 d ago', Math.round(seconds / DAY));
  }
  return new Date(at).toISOString().slice(0, 10);
}

/** Return a moment (ISO 8601) to the second, in UTC. */
export function moment(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Return a number of bytes in the unit that suits it. */
export function size(bytes: number): string {
  let amount = bytes;
  for (const unit of ['B', 'kB', 'MB', 'GB']) {
    if (amount < 1000) {
      return `${unit === 'B' || amount >= 100 ? amount.toFixed(0) : amount.toFixed(1)} ${unit}`;
    }
    amount /= 1000;
  }
  return `${amount.toFixed(1)} TB`;
}

/** Return the sizes of a table with a multiplication sign between them. */
export function shape(sizes: readonly number[]): string {
  return sizes.join(' × ');
}

function bare(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

function padded(power: string): string {
  const digits = power.replace(/^[+-]/, '').padStart(2, '0');
  return (power.startsWith('-') ? '-' : '+') + digits;
}

function codeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
}
