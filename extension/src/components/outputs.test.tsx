import { standardRendererFactories, RenderMimeRegistry } from '@jupyterlab/rendermime';
import { render, waitFor } from '@testing-library/react';
import * as React from 'react';

import { contextOf, serve } from '../testing/server';
import { bestPart, IPart, Output } from './outputs';

const rendermime = new RenderMimeRegistry({ initialFactories: standardRendererFactories });
const { context } = contextOf({ rendermime });
const DIGEST = 'a'.repeat(64);

function part(media_type: string, text: string | null = null): IPart {
  return { media_type, size: 10, digest: DIGEST, text, is_cut: false };
}

it('prefers a picture to text, and what is rich to a picture', () => {
  const plain = part('text/plain', '<Figure>');

  expect(bestPart(context, { name: null, parts: [plain, part('image/png')] })?.media_type).toBe('image/png');
  expect(bestPart(context, { name: null, parts: [plain, part('text/html', '<b>x</b>')] })?.media_type).toBe(
    'text/html'
  );
});

it('shows neither scripts nor widgets, whose models are gone', () => {
  const parts = [
    part('application/javascript', 'alert(1)'),
    part('application/vnd.jupyter.widget-view+json', '{}'),
    part('text/plain', 'safe')
  ];

  expect(bestPart(context, { name: null, parts })?.media_type).toBe('text/plain');
});

it('takes scripts out of HTML', async () => {
  const html = '<p>kept</p><script>window.hacked = 1</script><img src="x" onerror="window.hacked = 2">';
  const output = { name: null, parts: [part('text/html', html)] };

  const { container } = render(<Output context={context} at="" output={output} />);

  await waitFor(() => expect(container.textContent).toContain('kept'));
  expect(container.querySelector('script')).toBeNull();
  expect(container.querySelector('[onerror]')).toBeNull();
});

it('asks for the object of what is too long to be told', async () => {
  const asked = serve(() => 'from the store');
  const output = { name: 'stdout', parts: [part('text/plain')] };

  const { container } = render(<Output context={context} at="work" output={output} />);

  await waitFor(() => expect(container.textContent).toContain('from the store'));
  expect(asked[0]).toContain(`objects/${DIGEST}?at=work`);
});

it('says what was too large to be kept', () => {
  const lost = { media_type: 'image/png', size: 5_000_000, digest: null, text: null, is_cut: true };

  const { container } = render(<Output context={context} at="" output={{ name: null, parts: [lost] }} />);

  expect(container.textContent).toContain('5.0 MB');
});
