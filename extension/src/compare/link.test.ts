import { linkedIn, linkTo, withoutLink } from './link';

it('opens what it was made from', () => {
  const wanted = { runs: ['0tsn5q7g', '0tsn5m44'], at: 'a b/ü&x.ipynb', part: 'scatter' };

  const link = linkTo(wanted);

  expect(linkedIn(new URL(link).search)).toEqual(wanted);
  expect(link).not.toContain('token');
});

it('is nothing without runs', () => {
  expect([linkedIn(''), linkedIn('?trackbook-compare='), linkedIn('?reset')]).toEqual([null, null, null]);
});

it('is taken out of an address, the rest stays', () => {
  expect(withoutLink('?trackbook-compare=a,b&trackbook-at=x&trackbook-part=table&clone=1')).toBe('?clone=1');
  expect(withoutLink('?trackbook-compare=a,b')).toBe('');
});
