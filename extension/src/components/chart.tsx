import { MimeModel } from '@jupyterlab/rendermime';
import { ReadonlyJSONObject, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import * as React from 'react';

import { IContext } from '../core/context';
import { Message } from './message';
import { draw } from './rendering';

const VEGA_LITE = 'application/vnd.vegalite.v5+json';
const NARROWEST = 120;

export interface IChartProps {
  readonly context: IContext;
  /** What the chart shows, for screen readers. */
  readonly label: string;
  /**
   * A vega-lite specification without a size: the width of the place is taken. Its fields should have names of ours,
   * such as `x`, and titles with people's words: dots and brackets in field names mean something to vega.
   */
  readonly spec: ReadonlyJSONObject;
  readonly height?: number;
}

/** A chart, drawn by JupyterLab's own vega-lite, in the colours of the theme and as wide as its place. */
export function Chart({ context, label, spec, height = 200 }: IChartProps): JSX.Element {
  const place = React.useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  const theme = useTheme();
  const whole = JSON.stringify(sized(spec, width, height));
  const [failure, setFailure] = React.useState('');
  // Before the page lets go of the node: a widget whose node is gone can't be detached.
  React.useLayoutEffect(() => {
    const node = place.current;
    if (!node || width < NARROWEST) {
      return;
    }
    return drawChart(context, node, JSON.parse(whole) as ReadonlyJSONObject, setFailure);
  }, [context, whole, width, theme]);
  return (
    <div className="tb-Chart" role="figure" aria-label={label}>
      <div ref={place} className="tb-Chart-place" style={{ height }} />
      {failure && <Message>{failure}</Message>}
    </div>
  );
}

/** A chart of one view takes its place; those put together of several have sizes of their own. */
function sized(spec: ReadonlyJSONObject, width: number, height: number): ReadonlyJSONObject {
  if (!('mark' in spec) && !('layer' in spec)) {
    return spec;
  }
  return { ...spec, width, height, autosize: { type: 'fit', contains: 'padding' } };
}

/** Draw, and return what takes it away. */
function drawChart(
  { rendermime, trans }: IContext,
  node: HTMLElement,
  spec: ReadonlyJSONObject,
  tell: (failure: string) => void
): () => void {
  if (!rendermime.mimeTypes.includes(VEGA_LITE)) {
    tell(trans.__('Charts need the Vega extension of JupyterLab; it is disabled here.'));
    return () => undefined;
  }
  const renderer = rendermime.createRenderer(VEGA_LITE);
  const themed = { ...spec, config: { ...themeConfig(node), ...(spec.config as ReadonlyJSONObject | undefined) } };
  const model = new MimeModel({
    data: { [VEGA_LITE]: themed as ReadonlyPartialJSONObject },
    metadata: { [VEGA_LITE]: { embed_options: { actions: false, renderer: 'svg' } } },
    trusted: false
  });
  const told = (failure: string): void => tell(failure && trans.__('The chart can’t be drawn: %1', failure));
  return draw(renderer, model, node, told);
}

function themeConfig(node: HTMLElement): ReadonlyJSONObject {
  const style = getComputedStyle(node);
  const read = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  const text = read('--jp-ui-font-color1', '#212121');
  const quiet = read('--jp-ui-font-color2', '#616161');
  const line = read('--jp-border-color2', '#e0e0e0');
  const font = read('--jp-ui-font-family', 'sans-serif');
  return {
    background: 'transparent',
    font,
    axis: { labelColor: quiet, titleColor: text, domainColor: line, tickColor: line, gridColor: line },
    legend: { labelColor: text, titleColor: text },
    title: { color: text },
    header: { labelColor: text, titleColor: text },
    view: { stroke: 'transparent' },
    mark: { color: read('--jp-brand-color1', '#1976d2') },
    text: { color: text },
    range: { category: palette(read) }
  };
}

/** Okabe and Ito's colours, told apart also by people who see few; those too near to the ground are left out. */
function palette(read: (name: string, otherwise: string) => string): readonly string[] {
  const first = read('--jp-brand-color1', '#0072b2');
  return [first, '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8c8c8c', '#b8a800'];
}

function useWidth(place: React.RefObject<HTMLElement>): number {
  const [width, setWidth] = React.useState(0);
  React.useLayoutEffect(() => {
    const node = place.current;
    if (!node) {
      return;
    }
    const measure = (): void => setWidth(node.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, [place]);
  return width;
}

/** The name of JupyterLab's theme, so that what is drawn in its colours is drawn again when it changes. */
function useTheme(): string {
  return React.useSyncExternalStore(watchTheme, () => document.body.dataset.jpThemeName ?? '');
}

function watchTheme(hear: () => void): () => void {
  const observer = new MutationObserver(hear);
  observer.observe(document.body, { attributeFilter: ['data-jp-theme-name'] });
  return () => observer.disconnect();
}
