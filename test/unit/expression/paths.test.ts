import test from 'ava'
import {
  checkFilterPaths,
  checkKeyAccess,
  checkUpdateTargets,
  conditionPaths,
  updatePaths,
  updateTargets,
} from '../../../server/expression/paths.ts'
import { condition, refusalOf, update } from './given.ts'

test('the paths of a condition', t => {
  const text =
    'NOT a.b = c AND (d BETWEEN e AND :n OR f IN (g, :s)) AND size(h) > :n AND attribute_exists(i) AND ' +
    'attribute_not_exists(j[0]) AND attribute_type(k, :typeN) AND begins_with(m, n) AND contains(o, p)'
  t.deepEqual(
    conditionPaths(condition(text)).map(path => path.join('.')),
    ['a.b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j.0', 'k', 'm', 'n', 'o', 'p'],
  )
})

test('the paths of an update', t => {
  const bound = update(
    'SET a.b = if_not_exists(c, d), e = list_append(f, :l), g = (h + :n) - i REMOVE j ADD k :n DELETE m :ss',
  )
  t.deepEqual(
    updateTargets(bound).map(path => path.join('.')),
    ['a.b', 'e', 'g', 'j', 'k', 'm'],
  )
  t.deepEqual(
    updatePaths(bound).map(path => path.join('.')),
    ['a.b', 'e', 'g', 'j', 'k', 'm', 'c', 'd', 'f', 'h', 'i'],
  )
})

test('keys are scalars', t => {
  const text = "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
  t.is(
    refusalOf(() => checkKeyAccess([['a', 'b'], ['pk'], ['sk', 0]], ['pk', 'sk'], 'Key')),
    `${text}Key: sk`,
  )
  t.is(
    refusalOf(() => checkKeyAccess([['pk', 'x']], ['pk'], 'IndexKey')),
    `${text}IndexKey: pk`,
  )
  t.notThrows(() => checkKeyAccess([['pk'], ['a', 'pk']], ['pk'], 'Key'))
})

test('keys are not updated', t => {
  for (const text of ['SET pk = :s', 'REMOVE a, pk', 'ADD pk :n', 'DELETE pk :ss', 'SET pk.a = :s']) {
    t.is(
      refusalOf(() => checkUpdateTargets(update(text), ['pk', 'sk'])),
      'One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key',
    )
  }
  t.notThrows(() => checkUpdateTargets(update('SET a = pk'), ['pk', 'sk']))
})

test('queries do not filter on keys', t => {
  t.is(
    refusalOf(() => checkFilterPaths(condition('a = :s OR size(sk) > :n'), ['pk', 'sk'], 'Filter Expression')),
    'Filter Expression can only contain non-primary key attributes: Primary key attribute: sk',
  )
  t.is(
    refusalOf(() => checkFilterPaths(condition('pk = :s'), ['pk', 'sk'], 'QueryFilter')),
    'QueryFilter can only contain non-primary key attributes: Primary key attribute: pk',
  )
  t.notThrows(() => checkFilterPaths(condition('a.pk = :s'), ['pk', 'sk'], 'QueryFilter'))
})
