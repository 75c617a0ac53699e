/** Return a number of things with its thousands apart, as the command line writes it: `1,234`. */
export function count(things: number): string {
  return things.toLocaleString('en');
}
