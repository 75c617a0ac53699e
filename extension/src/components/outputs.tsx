import { URLExt } from '@jupyterlab/coreutils';
import { MimeModel } from '@jupyterlab/rendermime';
import { ServerConnection } from '@jupyterlab/services';
import { PartialJSONValue } from '@lumino/coreutils';
import * as React from 'react';

import { IContext } from '../core/context';
import { PREFIX, SETTINGS } from '../core/request';
import { size } from './format';
import { Message } from './message';
import { draw, guarded, isReaching } from './rendering';

const MOST_SHOWN_BYTES = 5_000_000;
const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml'];
/** It only names a model that lives in a kernel. */
const WIDGET = 'application/vnd.jupyter.widget-view+json';
const STREAM_TYPES: Record<string, string> = {
  stderr: 'application/vnd.jupyter.stderr',
  stdout: 'application/vnd.jupyter.stdout'
};

/** One form of an output, as `trackbook log --json` says it. */
export interface IPart {
  readonly media_type: string;
  readonly size: number;
  readonly digest: string | null;
  readonly text: string | null;
  readonly is_cut: boolean;
}

export interface IShownOutput {
  readonly name: string | null;
  readonly parts: readonly IPart[];
}

interface IPlaced {
  readonly context: IContext;
  readonly at: string;
}

/** Return the address of an object of the store, for links: the page's own cookie opens it. */
export function objectUrl(digest: string, at: string): string {
  const url = URLExt.join(SETTINGS.baseUrl, PREFIX, 'objects', digest);
  return at === '' ? url : url + URLExt.objectToQueryString({ at });
}

/** What a cell showed, drawn so that no script in it runs: as in a notebook that isn't trusted, and SVG by an `img`. */
export function Output({ context, at, output }: IPlaced & { output: IShownOutput }): JSX.Element {
  const part = bestPart(context, output);
  if (part === null) {
    const kinds = output.parts.map(each => each.media_type).join(', ');
    return <Message>{context.trans.__('This output can’t be shown here: %1', kinds)}</Message>;
  }
  if (part.digest === null && part.text === null) {
    return <Message>{context.trans.__('%1, %2: too large to be kept.', part.media_type, size(part.size))}</Message>;
  }
  return (
    <div className="tb-Output" role="group" aria-label={context.trans.__('Output')} tabIndex={0}>
      {IMAGES.includes(part.media_type) ? (
        <Picture context={context} at={at} part={part} label={context.trans.__('Picture of a cell')} />
      ) : (
        <Rendered context={context} at={at} part={part} stream={output.name} />
      )}
      {part.is_cut && <p className="tb-Output-remark">{context.trans.__('Only a part of it was kept.')}</p>}
    </div>
  );
}

/** Return the form of an output that is shown: the richest that is safe, and there. */
export function bestPart({ rendermime }: IContext, { parts }: IShownOutput): IPart | null {
  const shown = parts.filter(part => part.media_type !== WIDGET);
  const there = shown.filter(part => part.digest !== null || part.text !== null);
  const usable = there.length > 0 ? there : shown;
  const picture = usable.find(part => IMAGES.includes(part.media_type));
  const bundle = Object.fromEntries(usable.map(part => [part.media_type, '']));
  const preferred = rendermime.preferredMimeType(bundle, 'ensure');
  const found = usable.find(part => part.media_type === preferred);
  return found && found.media_type !== 'text/plain' ? found : (picture ?? found ?? null);
}

/** A picture that the store keeps. It is drawn by an `img`, in which SVG runs no script. */
export function Picture({ context, at, part, label }: IPlaced & { part: IPart; label: string }): JSX.Element {
  const { url, failure } = usePictureUrl(part, at);
  if (failure !== '') {
    return <Message>{context.trans.__('The picture can’t be shown: %1', failure)}</Message>;
  }
  return url === '' ? <Message isBusy>{context.trans.__('Loading…')}</Message> : <img src={url} alt={label} />;
}

function Rendered({ context, at, part, stream }: IPlaced & { part: IPart; stream: string | null }): JSX.Element {
  const place = React.useRef<HTMLDivElement>(null);
  const { text, failure } = useText(part, at);
  const [undrawn, setUndrawn] = React.useState('');
  const type = (stream !== null && STREAM_TYPES[stream]) || part.media_type;
  const data = React.useMemo(() => (text === null ? null : dataOf(type, text)), [type, text]);
  const isReached = type.endsWith('+json') && isReaching(data ?? undefined);
  // Before the page lets go of the node: a widget whose node is gone can't be detached.
  React.useLayoutEffect(() => {
    if (!place.current || data === null || isReached) {
      return;
    }
    const renderer = guarded(context.rendermime).createRenderer(type);
    return draw(renderer, new MimeModel({ data: { [type]: data }, trusted: false }), place.current, setUndrawn);
  }, [context, type, data, isReached]);
  const isFailed = failure !== '' || undrawn !== '';
  return (
    <>
      <div ref={place} className="tb-Output-rendered" hidden={isFailed || isReached} />
      {isFailed && <Message>{context.trans.__('The output can’t be shown: %1', failure || undrawn)}</Message>}
      {isReached && (
        <Message>{context.trans.__('The output isn’t shown: it would load something from elsewhere.')}</Message>
      )}
    </>
  );
}

/** Return what a renderer is given: JSON of what is JSON, the text of all else. */
function dataOf(type: string, text: string): PartialJSONValue {
  const isJson = type === 'application/json' || type.endsWith('+json');
  try {
    return isJson ? (JSON.parse(text) as PartialJSONValue) : text;
  } catch {
    return text;
  }
}

function useText(part: IPart, at: string): { text: string | null; failure: string } {
  const { digest, size: bytes, text: own } = part;
  const [got, setGot] = React.useState<{ text: string | null; failure: string }>({ text: null, failure: '' });
  React.useEffect(() => {
    if (own !== null || digest === null) {
      return;
    }
    if (bytes > MOST_SHOWN_BYTES) {
      setGot({ text: null, failure: size(bytes) });
      return;
    }
    return load(digest, at, async response => setGot({ text: await response.text(), failure: '' }), setGot);
  }, [digest, own, bytes, at]);
  return own !== null ? { text: own, failure: '' } : got;
}

function usePictureUrl(part: IPart, at: string): { url: string; failure: string } {
  const { digest, media_type: type, text: own } = part;
  const [got, setGot] = React.useState({ url: '', failure: '' });
  React.useEffect(() => {
    let url = '';
    const show = (blob: Blob): void => {
      url = URL.createObjectURL(blob);
      setGot({ url, failure: '' });
    };
    let leave = (): void => undefined;
    if (own !== null && type === 'image/svg+xml') {
      show(new Blob([own], { type }));
    } else if (digest !== null) {
      const take = async (response: Response): Promise<void> =>
        show(new Blob([await response.arrayBuffer()], { type }));
      leave = load(digest, at, take, ({ failure }) => setGot({ url: '', failure }));
    }
    return () => {
      leave();
      URL.revokeObjectURL(url);
    };
  }, [digest, type, own, at]);
  return got;
}

/** Ask for an object; what comes after it is left no longer counts. */
function load(
  digest: string,
  at: string,
  take: (response: Response) => Promise<void>,
  tell: (failed: { text: null; failure: string }) => void
): () => void {
  const aborter = new AbortController();
  const go = async (): Promise<void> => {
    try {
      const init = { signal: aborter.signal };
      const response = await ServerConnection.makeRequest(objectUrl(digest, at), init, SETTINGS);
      if (!response.ok) {
        throw new Error(`${response.status} ${response.statusText}`);
      }
      if (!aborter.signal.aborted) {
        await take(response);
      }
    } catch (error) {
      if (!aborter.signal.aborted) {
        tell({ text: null, failure: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  void go();
  return () => aborter.abort();
}
