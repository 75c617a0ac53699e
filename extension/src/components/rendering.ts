import { IRenderMime, IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { PartialJSONValue } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';

const LOADING = ['background', 'data', 'poster', 'src', 'srcset', 'xlink:href'];
/** In charts, what is fetched when they are drawn. */
const FETCHED = ['href', 'source', 'src', 'url'];
const REMOTE = /^\s*([a-z][a-z+.-]*:)?\/\//i;

const guards = new WeakMap<IRenderMimeRegistry, IRenderMimeRegistry>();

/** Return renderers for what anybody made: whoever made it doesn't learn that it is looked at. */
export function guarded(rendermime: IRenderMimeRegistry): IRenderMimeRegistry {
  const known = guards.get(rendermime);
  if (known !== undefined) {
    return known;
  }
  const { sanitizer } = rendermime;
  const sanitize: IRenderMime.ISanitizer['sanitize'] = (dirty, options) =>
    withoutRemote(sanitizer.sanitize(dirty, options));
  const guard = rendermime.clone({ sanitizer: Object.create(sanitizer, { sanitize: { value: sanitize } }) });
  guards.set(rendermime, guard);
  return guard;
}

/** Return HTML without what would be fetched; of a picture, its address is left to read. */
export function withoutRemote(html: string): string {
  const { body } = new DOMParser().parseFromString(html, 'text/html');
  for (const node of body.querySelectorAll('*')) {
    for (const { name, value } of [...node.attributes]) {
      if (isFetched(node, name.toLowerCase(), value)) {
        node.removeAttribute(name);
        if (node.tagName === 'IMG' && !node.getAttribute('alt')) {
          node.setAttribute('alt', value);
        }
      }
    }
  }
  return body.innerHTML;
}

function isFetched(node: Element, name: string, value: string): boolean {
  if (name === 'style') {
    return /url\s*\(|image-set|@import|\\/i.test(value);
  }
  const isLoading = LOADING.includes(name) || (name === 'href' && node.tagName !== 'A');
  return isLoading && !/^\s*data:/i.test(value);
}

/** Return whether a chart would fetch something from elsewhere when it is drawn. */
export function isReaching(spec: PartialJSONValue | undefined, key = ''): boolean {
  if (typeof spec === 'string') {
    return FETCHED.includes(key) && !/^\s*data:/i.test(spec) && (key === 'url' || REMOTE.test(spec));
  }
  if (Array.isArray(spec)) {
    return spec.some(each => isReaching(each, key));
  }
  if (spec === null || typeof spec !== 'object') {
    return false;
  }
  const isPicture = spec.mark === 'image' || spec.type === 'image';
  return isPicture || Object.entries(spec).some(([name, value]) => isReaching(value, name));
}

/** Draw a model into a place, and return what takes it away again. */
export function draw(
  renderer: IRenderMime.IRenderer,
  model: IRenderMime.IMimeModel,
  place: HTMLElement,
  tell: (failure: string) => void
): () => void {
  let isThere = true;
  place.replaceChildren();
  Widget.attach(renderer, place);
  renderer.renderModel(model).then(
    () => isThere && tell(''),
    error => isThere && tell(String(error))
  );
  return () => {
    isThere = false;
    if (renderer.isAttached && renderer.node.isConnected) {
      Widget.detach(renderer);
    }
    renderer.dispose();
  };
}
