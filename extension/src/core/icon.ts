import { LabIcon } from '@jupyterlab/ui-components';

/** An open book whose line rises: Trackbook's icon, in the theme's own colours. */
export const trackbookIcon = new LabIcon({
  name: 'trackbook:icon',
  // JupyterLab's theme colours what is filled, so the lines are drawn as thin filled shapes.
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path fill-rule="evenodd" d="M2 3v16.2c4.2 0 7.4.5 9.6 2.2l.4.3.4-.3c2.2-1.7 5.4-2.2 9.6-2.2V3c-4.3 0-7.6.5-10 2.3
C9.6 3.5 6.3 3 2 3zM4 5.1c3.1.1 5.4.6 7 1.9v12.1c-1.8-1-4.1-1.6-7-1.7zM20 5.1c-3.1.1-5.4.6-7 1.9v12.1
c1.8-1 4.1-1.6 7-1.7z"/>
    <path d="M5.2 14.6l3.5-4.3 1.2 1-3.3 4.3zM14 11.7l3.3-3.9 1.3 1.1-3.6 4.2z"/>
  </g>
</svg>`
});
