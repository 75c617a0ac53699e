import { LabIcon } from '@jupyterlab/ui-components';

/** An arrow that goes round: to be run again. */
export const staleIcon = new LabIcon({
  name: 'trackbook:stale',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="12" viewBox="0 0 16 16">
  <g fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">
    <path d="M13 8a5 5 0 1 1-1.6-3.7"/><path d="M13 2.2v3h-3"/>
  </g>
</svg>`
});

/** One arrow up, one down: run in another order than the cells stand in. */
export const unorderedIcon = new LabIcon({
  name: 'trackbook:unordered',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="12" viewBox="0 0 16 16">
  <g fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">
    <path d="M5 13V3"/><path d="M2.4 5.6 5 3l2.6 2.6"/><path d="M11 3v10"/><path d="M8.4 10.4 11 13l2.6-2.6"/>
  </g>
</svg>`
});
