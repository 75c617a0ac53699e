import { nullTranslator } from '@jupyterlab/translation';
import { fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';

import { Chips, tagOf } from './chips';

const trans = nullTranslator.load('trackbook');

test('a tag is written as key and value, with = or a colon', () => {
  const written = ['stage=draft', ' owner : ann lee ', 'baseline', 'url=a:b=c', ' ', '=x'];

  expect(written.map(tagOf)).toEqual([
    ['stage', 'draft'],
    ['owner', 'ann lee'],
    ['baseline', ''],
    ['url', 'a:b=c'],
    null,
    null
  ]);
});

test('a tag is added with Enter, and none with Escape', () => {
  const onAdd = jest.fn();
  render(<Chips trans={trans} label="Tags" tags={{}} onAdd={onAdd} />);
  const write = (key: string): void => {
    fireEvent.click(screen.getByRole('button', { name: 'Add a tag' }));
    const input = screen.getByRole('textbox');
    fireEvent.change(input, { target: { value: 'stage: draft' } });
    fireEvent.keyDown(input, { key });
  };

  write('Escape');
  write('Enter');

  expect(onAdd.mock.calls).toEqual([['stage', 'draft']]);
});

test('a tag is taken off', () => {
  const onRemove = jest.fn();
  render(<Chips trans={trans} label="Tags" tags={{ stage: 'draft' }} onRemove={onRemove} />);

  fireEvent.click(screen.getByRole('button', { name: 'Take tag stage off' }));

  expect(onRemove).toHaveBeenCalledWith('stage');
});
