import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

export const PREFIX = 'trackbook/api/v1';

/** With answers kept and asked after; Jupyter's default, never to keep any, puts the time into each address. */
export const SETTINGS = ServerConnection.makeSettings({ init: { cache: 'no-cache', credentials: 'same-origin' } });

/** What the server says went wrong; see `Failure` in its OpenAPI document. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly position: number | null = null
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export type QueryValues = Record<string, string | number | boolean | undefined>;

/** Ask one route of the server and return its answer. */
export async function request<Answer>(
  path: string,
  query: QueryValues = {},
  init: RequestInit = {},
  settings: ServerConnection.ISettings = SETTINGS
): Promise<Answer> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const url =
    URLExt.join(settings.baseUrl, PREFIX, path) +
    URLExt.objectToQueryString(Object.fromEntries(given) as Record<string, string>);
  const response = await ServerConnection.makeRequest(url, init, settings);
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    throw failureOf(response.status, answer);
  }
  return answer as Answer;
}

function failureOf(status: number, answer: { error?: string; message?: string; position?: number } | null): ApiError {
  if (status === 404 && answer?.error === undefined) {
    return new ApiError(
      status,
      'NoServer',
      'This Jupyter server does not know Trackbook. Install trackbook in its environment, and start it again.'
    );
  }
  return new ApiError(
    status,
    answer?.error ?? 'Error',
    answer?.message ?? `The server answered with ${status}.`,
    answer?.position ?? null
  );
}
