import { restoreCode } from './restore_code';

it('restores a run by its id, as code that runs in any cell', () => {
  expect(restoreCode('0tsn5q7g')).toBe('import trackbook\n\ntrackbook.restore("0tsn5q7g")');
});
