const SVG = 'http://www.w3.org/2000/svg';

/** The lines of an icon of 16 by 16. */
type Lines = readonly string[];

/** An arrow that goes round: to be run again. */
export const STALE: Lines = ['M13 8a5 5 0 1 1-1.6-3.7', 'M13 2.2v3h-3'];

/** One arrow up, one down: run in another order than the cells stand in. */
export const UNORDERED: Lines = ['M5 13V3', 'M2.4 5.6 5 3l2.6 2.6', 'M11 3v10', 'M8.4 10.4 11 13l2.6-2.6'];

/** Return an icon in the colour of the text around it. */
export function iconOf(lines: Lines): SVGElement {
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('viewBox', '0 0 16 16');
  icon.setAttribute('aria-hidden', 'true');
  for (const line of lines) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', line);
    icon.append(path);
  }
  return icon;
}
