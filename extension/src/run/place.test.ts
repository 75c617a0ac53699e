import { folderOf, lineNow } from './place';

const PLACE = { cellId: 'c', source: 'a = 1\nb = 2\nc = 3', line: 2, endLine: 3 };

describe('lineNow', () => {
  it('finds lines where they stood', () => {
    expect(lineNow(PLACE, 'a = 1\nb = 2\nc = 3')).toBe(1);
  });

  it('finds lines that were moved', () => {
    expect(lineNow(PLACE, '# new\n\na = 1\nb = 2\nc = 3')).toBe(3);
  });

  it('finds nothing where one of them was edited', () => {
    expect(lineNow(PLACE, 'a = 1\nb = 2\nc = 4')).toBeNull();
  });
});

it('takes the folder of a notebook, and a folder as it is', () => {
  expect([folderOf('work/train.ipynb'), folderOf('work'), folderOf('')]).toEqual(['work', 'work', '']);
});
