/** ElectroDB, as a team uses it: several entities in one table, collections, batches, paging, conditions. */

import test from 'ava'
import { type CreateEntityItem, Entity, Service } from 'electrodb'
import { sharedTable, startApi } from '../api/api.ts'

const { db } = await startApi()
const table = sharedTable(db, {
  key: 'pk:S | sk:S',
  local: { lsi1: { key: 'pk:S | lsi1sk:S' } },
  global: { gsi1: { key: 'gsi1pk:S | gsi1sk:S' }, gsi2: { key: 'gsi2pk:S | gsi2sk:S', project: 'ALL' } },
})

const Employee = new Entity(
  {
    model: { entity: 'employee', version: '1', service: 'company' },
    attributes: {
      employee: { type: 'string', required: true },
      team: { type: 'string', required: true },
      office: { type: 'string', required: true },
      title: { type: ['junior', 'senior', 'lead'] as const, default: 'junior' },
      salary: { type: 'number', required: true },
      started: { type: 'string', required: true },
      skills: { type: 'set', items: 'string' },
      address: {
        type: 'map',
        properties: { street: { type: 'string' }, city: { type: 'string', required: true } },
      },
      notes: { type: 'list', items: { type: 'string' } },
      version: { type: 'number', default: 0 },
    },
    indexes: {
      primary: { pk: { field: 'pk', composite: ['employee'] }, sk: { field: 'sk', composite: [] } },
      byOffice: {
        collection: 'workplace',
        index: 'gsi1',
        pk: { field: 'gsi1pk', composite: ['office'] },
        sk: { field: 'gsi1sk', composite: ['team', 'employee'] },
      },
      byTeam: {
        index: 'gsi2',
        pk: { field: 'gsi2pk', composite: ['team'] },
        sk: { field: 'gsi2sk', composite: ['started'] },
      },
    },
  },
  { client: db, table },
)

const Office = new Entity(
  {
    model: { entity: 'office', version: '1', service: 'company' },
    attributes: {
      office: { type: 'string', required: true },
      country: { type: 'string', required: true },
      desks: { type: 'number' },
    },
    indexes: {
      primary: { pk: { field: 'pk', composite: ['country'] }, sk: { field: 'sk', composite: ['office'] } },
      byOffice: {
        collection: 'workplace',
        index: 'gsi1',
        pk: { field: 'gsi1pk', composite: ['office'] },
        sk: { field: 'gsi1sk', composite: [] },
      },
    },
  },
  { client: db, table },
)

const company = new Service({ employees: Employee, offices: Office })

function employee(name: string, more: Partial<CreateEntityItem<typeof Employee>> = {}) {
  return {
    employee: name,
    team: 'tools',
    office: 'berlin',
    salary: 50_000,
    started: '2024-01-01',
    ...more,
  }
}

test('create, get, and create again', async t => {
  const made = await Employee.create(
    employee('ada', { skills: ['math', 'poetry'], address: { city: 'London', street: 'x' }, notes: ['first'] }),
  ).go()
  t.is(made.data.title, 'junior')
  const { data } = await Employee.get({ employee: 'ada' }).go()
  t.deepEqual(data, {
    ...employee('ada'),
    title: 'junior',
    version: 0,
    skills: ['math', 'poetry'],
    address: { city: 'London', street: 'x' },
    notes: ['first'],
  })
  const again = await t.throwsAsync(Employee.create(employee('ada')).go())
  t.regex(again.message, /The conditional request failed/)
  t.is((await Employee.get({ employee: 'nobody' }).go()).data, null)
})

test('patch, update and upsert', async t => {
  await Employee.put(employee('grace', { skills: ['navy'], salary: 10, notes: ['a'] })).go()
  const patched = await Employee.patch({ employee: 'grace' })
    .set({ title: 'lead' })
    .add({ salary: 5, skills: ['cobol'] })
    .append({ notes: ['b'] })
    .data(({ version }, { add }) => add(version, 1))
    .where(({ version }, { eq }) => eq(version, 0))
    .go({ response: 'all_new' })
  t.like(patched.data, { title: 'lead', salary: 15, notes: ['a', 'b'], version: 1 })
  t.deepEqual(patched.data.skills?.toSorted(), ['cobol', 'navy'])
  const stale = Employee.patch({ employee: 'grace' })
    .set({ title: 'junior' })
    .where(({ version }, { eq }) => eq(version, 0))
  await t.throwsAsync(stale.go(), { message: /The conditional request failed/ })
  await t.throwsAsync(Employee.patch({ employee: 'nobody' }).set({ salary: 1 }).go(), {
    message: /The conditional request failed/,
  })
  await Employee.update({ employee: 'grace' })
    .delete({ skills: ['navy'] })
    .remove(['notes'])
    .go()
  const { data } = await Employee.get({ employee: 'grace' }).go()
  t.deepEqual([data?.skills, data?.notes], [['cobol'], undefined])
  const upserted = await Employee.upsert(employee('linus')).go({ response: 'all_new' })
  t.is(upserted.data.employee, 'linus')
})

test('moving between index partitions', async t => {
  await Employee.put(employee('mover', { team: 'old', started: '2020-01-01' })).go()
  await Employee.patch({ employee: 'mover' }).set({ team: 'new', started: '2021-01-01', office: 'oslo' }).go()
  t.deepEqual((await Employee.query.byTeam({ team: 'old' }).go()).data, [])
  const { data } = await Employee.query.byTeam({ team: 'new' }).go()
  t.deepEqual(
    data.map(found => found.employee),
    ['mover'],
  )
})

test('queries: ranges, order, filters and paging', async t => {
  const names = Array.from({ length: 12 }, (_, i) => `query-${String(i).padStart(2, '0')}`)
  const started = (i: number) => `2025-${String(i + 1).padStart(2, '0')}-01`
  await Employee.put(names.map((name, i) => employee(name, { team: 'query', started: started(i), salary: i }))).go()
  const byTeam = () => Employee.query.byTeam({ team: 'query' })
  const found = (result: { data: { employee: string }[] }) => result.data.map(({ employee }) => employee)
  t.deepEqual(found(await byTeam().go()), names)
  t.deepEqual(found(await byTeam().go({ order: 'desc', limit: 3 })), names.toReversed().slice(0, 3))
  t.deepEqual(found(await byTeam().gte({ started: '2025-11-01' }).go()), names.slice(10))
  t.deepEqual(found(await byTeam().begins({ started: '2025-0' }).go()), names.slice(0, 9))
  const between = byTeam().between({ started: '2025-03-01' }, { started: '2025-05-01' })
  t.deepEqual(found(await between.go()), names.slice(2, 5))
  const filtered = byTeam().where(({ salary, title }, op) => `${op.gt(salary, 7)} AND ${op.eq(title, 'junior')}`)
  t.deepEqual(found(await filtered.go()), names.slice(8))
  const paged: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<ReturnType<typeof byTeam>['go']>> = await byTeam().go({ cursor, limit: 5 })
    paged.push(...found(page))
    cursor = page.cursor
  } while (cursor !== null)
  t.deepEqual(paged, names)
  t.deepEqual(found(await byTeam().go({ count: 7 })), names.slice(0, 7))
})

test('a collection brings several entities of one place', async t => {
  await Office.put({ office: 'lisbon', country: 'portugal', desks: 20 }).go()
  await Employee.put(['c1', 'c2', 'c3'].map(name => employee(name, { office: 'lisbon' }))).go()
  const { data } = await company.collections.workplace({ office: 'lisbon' }).go()
  t.deepEqual(
    data.employees.map(found => found.employee),
    ['c1', 'c2', 'c3'],
  )
  t.deepEqual(data.offices, [{ office: 'lisbon', country: 'portugal', desks: 20 }])
})

test('batches beyond what one request holds', async t => {
  const names = Array.from({ length: 60 }, (_, i) => `batch-${i}`)
  const put = await Employee.put(names.map(name => employee(name, { team: 'batch' }))).go({ concurrent: 2 })
  t.deepEqual(put.unprocessed, [])
  const keys = names.map(name => ({ employee: name }))
  const got = await Employee.get([...keys, { employee: 'nobody' }]).go()
  t.deepEqual(got.data.map(found => found!.employee).sort(), [...names].sort())
  await Employee.delete(keys).go()
  t.deepEqual((await Employee.get(keys).go()).data, [])
})

test('scan finds its own kind, delete and remove', async t => {
  await Office.put({ office: 'rome', country: 'italy' }).go()
  await Employee.put(employee('scan-me', { office: 'rome', team: 'scan' })).go()
  const { data } = await Office.scan.where(({ country }, { eq }) => eq(country, 'italy')).go({ pages: 'all' })
  t.deepEqual(data, [{ office: 'rome', country: 'italy' }])
  const key = { office: 'rome', country: 'italy' }
  const removed = await Office.remove(key).go({ response: 'all_old' })
  t.is(removed.data?.office, 'rome')
  await t.throwsAsync(Office.remove(key).go(), { message: /The conditional request failed/ })
  await Office.delete(key).go()
})
