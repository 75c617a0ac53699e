import { fieldText, orderOf, partsOf, pointsOf, queryOf, unitsOf, withCondition, withOrder } from './query';

test('a query is taken apart where order by and limit stand outside of quotes', () => {
  const query = 'note = "order by x" and C > 1  ORDER  BY metrics.f1 desc, name limit 20';

  expect(partsOf(query)).toEqual({
    where: 'note = "order by x" and C > 1',
    order: 'metrics.f1 desc, name',
    limit: '20'
  });
  expect(partsOf('')).toEqual({ where: '', order: '', limit: '' });
});

test('a quote that is still open holds all that follows', () => {
  expect(partsOf('name = "a order by b').order).toBe('');
});

test('the first term of an order counts, also with a name in quotes', () => {
  expect(orderOf('order by metrics.`a, b desc` desc, name')).toEqual({
    field: 'metrics.`a, b desc`',
    isDescending: true
  });
  expect(orderOf('order by name')).toEqual({ field: 'name', isDescending: false });
  expect(orderOf('name = "order by"')).toBeNull();
});

test('an order is written over the one that is there, and the rest stays', () => {
  const query = 'metrics.f1 > 0.5 order by name limit 5';
  const order = { field: 'metrics.f1', isDescending: true };

  expect(withOrder(query, order)).toBe('metrics.f1 > 0.5 order by metrics.f1 desc limit 5');
  expect(withOrder(query, null)).toBe('metrics.f1 > 0.5 limit 5');
  expect(withOrder('', order)).toBe('order by metrics.f1 desc');
});

test('a condition narrows a query, alternatives too', () => {
  expect(withCondition('', 'C = 1')).toBe('C = 1');
  expect(withCondition('a = 1 or b = 2 order by name', 'C = 1')).toBe('(a = 1 or b = 2) and C = 1 order by name');
});

test('names that a query could not read stand in quotes', () => {
  expect(fieldText('metrics', 'test.accuracy')).toBe('metrics.test.accuracy');
  expect(fieldText('params', 'a b`c')).toBe('params.`a b``c`');
  expect(queryOf({ where: '', order: 'name', limit: '' })).toBe('order by name');
});

test('places are counted as the server counts them', () => {
  expect(pointsOf('🙂 = x', 3)).toBe(2);
  expect(unitsOf('🙂 = x', 2)).toBe(3);
});
