import { nullTranslator } from '@jupyterlab/translation';

import { ago, aligned, duration, exact, number, oneLine, shortened, signed, size, text, toNumber } from './format';

const trans = nullTranslator.load('trackbook');

test('numbers have six significant digits, integers all', () => {
  const written = [0.911111111, 1234567, 123456.789, 1234567.8, 0.00001234, 1e-7, 0.1, 100.5, 1e22].map(number);

  expect(written).toEqual([
    '0.911111', '1234567', '123457', '1.23457e+06', '1.234e-05', '1e-07', '0.1', '100.5', '1e+22'
  ]);
});

test('special numbers go by their names', () => {
  expect([NaN, Infinity, -Infinity].map(number)).toEqual(['NaN', 'Infinity', '-Infinity']);
  expect(['NaN', '-Infinity', 'abc', null].map(toNumber)).toEqual([NaN, -Infinity, null, null]);
});

test('exact numbers keep all their digits', () => {
  expect([0.1 + 0.2, 1.5e-9].map(exact)).toEqual(['0.30000000000000004', '1.5e-09']);
});

test('numbers of a column line up, and different ones look different', () => {
  expect(aligned([0.5, 0.25, NaN])).toEqual(['0.5000', '0.2500', 'NaN']);
  expect(aligned([0.91111, 0.91112])).toEqual(['0.91111', '0.91112']);
  expect(aligned([1, 20])).toEqual(['1', '20']);
  expect(aligned([0.5, 3e7])).toEqual(['0.5', '30000000']);
});

test('differences have their sign', () => {
  expect([0.08889, -2, 0, 12345].map(signed)).toEqual(['+0.0889', '-2', '0', '+12300']);
});

test('params are written as in code', () => {
  expect(['rbf', true, null, 0.1, { a: [1] }, undefined].map(text)).toEqual([
    'rbf', 'True', 'None', '0.1', '{"a":[1]}', ''
  ]);
});

test('what is not seen is made visible', () => {
  expect(oneLine('a\nb\u0007\u202ec')).toBe('a⏎b\\x07\\u202ec');
});

test('a text is cut between characters', () => {
  expect(shortened('🙂🙂🙂', 2)).toBe('🙂…');
  expect(shortened('ab', 2)).toBe('ab');
});

test('durations are in their two largest units', () => {
  const written = [null, 0.024, 5.26, 59.7, 3599, 7300, 90061].map(each => duration(trans, each));

  expect(written).toEqual(['—', '24 ms', '5.3 s', '1 min 0 s', '59 min 59 s', '2 h 1 min', '1 d 1 h']);
});

test('moments are told by how long ago they were, old ones by their date', () => {
  const now = new Date('2026-03-01T12:00:00Z');
  const at = ['2026-03-01T11:59:50Z', '2026-03-01T11:55:00+00:00', '2026-02-27T12:00:00Z', '2025-12-24T23:00:00Z'];

  expect(at.map(each => ago(trans, each, now))).toEqual(['just now', '5 min ago', '2 d ago', '2025-12-24']);
});

test('bytes are in the unit that suits them', () => {
  expect([12, 1500, 250_000, 3e9].map(size)).toEqual(['12 B', '1.5 kB', '250 kB', '3.0 GB']);
});
