import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { Tabs } from './tabs';

function Example(): JSX.Element {
  const [shown, setShown] = React.useState('one');
  const tabs = [
    { id: 'one', label: 'One' },
    { id: 'two', label: 'Two', count: 3 }
  ];
  return (
    <Tabs label="Parts" tabs={tabs} shown={shown} onShow={setShown}>
      content of {shown}
    </Tabs>
  );
}

test('arrow keys go round the tabs, and focus goes along', () => {
  render(<Example />);

  fireEvent.keyDown(screen.getByRole('tab', { name: 'One' }), { key: 'ArrowLeft' });

  const two = screen.getByRole('tab', { name: /Two/ });
  expect(two.getAttribute('aria-selected')).toBe('true');
  expect(document.activeElement).toBe(two);
  expect(screen.getByRole('tabpanel', { name: /Two/ }).textContent).toBe('content of two');
});

test('only the tab that is shown is reached by Tab', () => {
  render(<Example />);

  expect(screen.getAllByRole('tab').map(tab => tab.tabIndex)).toEqual([0, -1]);
});
