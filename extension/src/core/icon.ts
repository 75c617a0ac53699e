import { LabIcon } from '@jupyterlab/ui-components';

/** An open book whose line rises: Trackbook's icon, in the theme's own colours. */
export const trackbookIcon = new LabIcon({
  name: 'trackbook:icon',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="none" stroke="#616161" stroke-width="2" stroke-linejoin="round" stroke-linecap="round">
    <path d="M12 6c-2-1.6-5-2-9-2v14c4 0 7 .4 9 2 2-1.6 5-2 9-2V4c-4 0-7 .4-9 2z"/>
    <path d="M7 14l3-3 3 2 4-5"/>
  </g>
</svg>`
});
