import { isReaching, withoutRemote } from './rendering';

describe('withoutRemote', () => {
  it.each([
    ['<img src="https://elsewhere.example/a.png">', '<img alt="https://elsewhere.example/a.png">'],
    ['<img src="a.png" alt="A">', '<img alt="A">'],
    ['<p style="background: u\\72l(//elsewhere.example)">a</p>', '<p>a</p>'],
    ['<video poster="https://elsewhere.example/a.png"></video>', '<video></video>']
  ])('takes away what %s would fetch', (html, left) => {
    expect(withoutRemote(html)).toBe(left);
  });

  it.each([
    '<img src="data:image/png;base64,AAAA">',
    '<a href="https://elsewhere.example">a</a>',
    '<p style="color: red">a</p>'
  ])('leaves %s as it is', html => {
    expect(withoutRemote(html)).toBe(html);
  });
});

describe('isReaching', () => {
  it.each([
    { data: { url: 'data.json' }, mark: 'bar' },
    { layer: [{ mark: { type: 'image' }, encoding: { url: { field: 'a' } } }] },
    { data: [], layout: { images: [{ source: 'https://elsewhere.example/a.png' }] } }
  ])('sees what a chart would fetch', spec => {
    expect(isReaching(spec)).toBe(true);
  });

  it.each([
    { $schema: 'https://vega.github.io/schema/vega-lite/v5.json', data: { values: [{ a: 'https://a.example' }] } },
    { data: [{ source: 'nodes', x: [1] }], config: { plotlyServerURL: 'https://plot.ly' } },
    { layout: { images: [{ source: 'data:image/png;base64,AAAA' }] } }
  ])('lets charts be that bring all with them', spec => {
    expect(isReaching(spec)).toBe(false);
  });
});
