import { render, screen } from '@testing-library/react';
import * as React from 'react';

import { MetricValue, Value } from './value';

test('a metric has six digits, and all of them on hover', () => {
  render(<MetricValue value={0.9111111111111111} />);

  expect(screen.getByText('0.911111').title).toBe('0.9111111111111111');
});

test('what is not a number is shown by its name, and what is not there as a dash', () => {
  const { container } = render(
    <>
      <MetricValue value="NaN" />
      <MetricValue value={undefined} />
      <Value value="" />
      <Value value={null} />
    </>
  );

  const shown = [...container.querySelectorAll('.tb-Value')].map(each => each.textContent);
  expect(shown).toEqual(['NaN', '—', '""', 'None']);
});
