/** The dashboard, the alerts and the documentation are about metrics there are. */
import { readFileSync } from 'node:fs'
import { CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda'
import test from 'ava'
import { parse } from 'yaml'
import { type Metrics, scrape } from '../helpers/metrics.ts'
import { makeTable, startApi } from './api.ts'
import { Mappings } from './mappings.ts'
import { readAll, streamsClient, withStream } from './streams.ts'

/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1'
const publish = { servers: [`nats://${NOWHERE}`], prefix: 'tavola', replicas: 1, retentionHours: 24, limitHours: 24 }
const { db, docs, node } = await startApi({ publish, triggerHosts: ['127.0.0.1'] })
const { lambda } = new Mappings(node.endpoint)
test.after.always(() => lambda.destroy())
const streams = streamsClient(node.endpoint)
test.after.always(() => streams.destroy())

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Labels that Prometheus gives to all that it scrapes. */
const SCRAPED = ['instance', 'job']

type Rule = { alert: string; expr: string; labels: Record<string, string>; annotations: Record<string, string> }
type Panel = { title: string; type: string; targets?: { expr: string; legendFormat: string }[] }

const { groups } = parse(read('helm/tavola/rules/tavola.yaml')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap(group => group.rules)
const dashboard = JSON.parse(read('helm/tavola/dashboards/tavola.json')) as {
  panels: Panel[]
  templating: { list: { query: string }[] }
}
const targets = dashboard.panels.flatMap(panel => panel.targets ?? [])
const variables = dashboard.templating.list.map(({ query }) => query).filter(query => query !== 'prometheus')

let metrics: Metrics

/** What has no value at once. */
const LATE = ['nodejs_gc_duration_seconds', 'tavola_trigger_invocations_total', 'tavola_publish_lag_seconds']

/** A few requests of each kind, and enough garbage to be collected, so that every metric has a value. */
test.before(async () => {
  const TableName = await makeTable(db, { key: 'pk:S', global: { byG: { key: 'g:S' } }, more: withStream() })
  await db.updateTimeToLive({ TableName, TimeToLiveSpecification: { Enabled: true, AttributeName: 'expires' } })
  await scrape(node.endpoint)
  await docs.put({ TableName, Item: { pk: 'a', g: 'g' } })
  await docs.get({ TableName, Key: { pk: 'a' } })
  await docs.scan({ TableName })
  const EventSourceArn = (await db.describeTable({ TableName })).Table!.LatestStreamArn!
  await readAll(streams, EventSourceArn)
  const FunctionName = `http://${NOWHERE}/`
  await lambda.send(new CreateEventSourceMappingCommand({ EventSourceArn, FunctionName, StartingPosition: 'LATEST' }))
  const end = Date.now() + 5000
  do {
    Array.from({ length: 100_000 }, (_, i) => ({ i }))
    metrics = await scrape(node.endpoint)
  } while (Date.now() < end && LATE.some(name => metrics.labels(name) === undefined))
})

/** What is wrong about an expression: metrics that are not there, labels that they do not have. */
function problems(expr: string): string[] {
  const found: string[] = []
  const names = [...expr.matchAll(/\b(?:tavola|process|nodejs)_\w+/g)].map(([name]) => name)
  if (names.length === 0 && !/\bup\b/.test(expr)) found.push(`no metric in ${expr}`)
  for (const name of names) if (!metrics.names.has(name)) found.push(`no ${name}`)
  for (const [, name, selector] of expr.matchAll(/\b(\w+)\{([^}]*)\}/g)) {
    if (name !== 'up') found.push(...missing(name!, labelsOf(selector!)))
  }
  for (const [, labels] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const name of names) found.push(...missing(name, labels!.split(/,\s*/)))
  }
  return found
}

const labelsOf = (selector: string) => [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(match => match[1]!)

function missing(name: string, labels: string[]): string[] {
  const known = metrics.labels(name)
  return labels.filter(label => !SCRAPED.includes(label) && !known?.has(label)).map(label => `${name} has no ${label}`)
}

/** `{{label}}` or `{{ $labels.label }}`, which the expression must keep. */
function unkept(text: string, expr: string): string[] {
  const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(match => match[1]!.split(/,\s*/))
  const names = [...expr.matchAll(/\b(?:tavola|process|nodejs)_\w+/g)].map(([name]) => name)
  const known = kept.length > 0 ? kept : [...SCRAPED, ...names.flatMap(name => [...(metrics.labels(name) ?? [])])]
  return [...text.matchAll(/\{\{ ?(?:\$labels\.)?(\w+) ?\}\}/g)].map(match => match[1]!).filter(l => !known.includes(l))
}

test('the checks see what is wrong', t => {
  t.deepEqual(problems('rate(tavola_no_such_total[5m])'), ['no tavola_no_such_total'])
  t.deepEqual(problems('sum by (nothing) (tavola_partitions)'), ['tavola_partitions has no nothing'])
  t.deepEqual(problems('tavola_partitions{table="x"}'), ['tavola_partitions has no table'])
  t.deepEqual(unkept('{{table}} {{ $labels.operation }}', 'sum by (table) (x)'), ['operation'])
})

test('alerts', t => {
  t.true(rules.length > 10)
  for (const { alert, expr, labels, annotations } of rules) {
    t.deepEqual(problems(expr), [], alert)
    t.deepEqual(unkept(annotations.summary!, expr), [], alert)
    t.true(['critical', 'warning'].includes(labels.severity!), alert)
    t.regex(annotations.summary!, /\.$/, alert)
    t.regex(annotations.action!, /\.$/, alert)
    for (const [name] of annotations.action!.matchAll(/\btavola_\w+/g)) t.true(metrics.names.has(name), name)
    for (const [name] of annotations.action!.matchAll(/\bTavola[A-Z]\w+/g))
      t.true(
        rules.some(r => r.alert === name),
        name,
      )
  }
  t.is(new Set(rules.map(({ alert }) => alert)).size, rules.length)
})

test('the dashboard', t => {
  t.true(targets.length > 20)
  for (const { expr, legendFormat } of targets) {
    t.deepEqual(problems(expr.replaceAll('$__rate_interval', '5m')), [], expr)
    t.deepEqual(unkept(legendFormat, expr), [], legendFormat)
  }
  for (const query of variables) {
    const [, name, label] = /^label_values\((\w+)(?:\{.*\})?, (\w+)\)$/.exec(query)!
    t.deepEqual([metrics.names.has(name!), missing(name!, [label!])], [true, []], query)
  }
})

test('the documentation names every metric, with its type and labels', t => {
  const rows = [...read('docs/telemetry.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([\w, ]*) ?\|/gm)]
  const documented = new Map(
    rows.map(([, name, type, labels]) => [name!, `${type} ${sorted(labels!.trim().split(', '))}`]),
  )
  const actual = new Map(
    [...metrics.types].map(([name, type]) => [name, `${type} ${sorted(metrics.labels(name) ?? [])}`]),
  )
  t.is(rows.length, documented.size)
  t.deepEqual([...documented].sort(), [...actual].sort())
})

const sorted = (labels: Iterable<string>) =>
  [...labels]
    .filter(label => label !== 'le' && label !== '')
    .sort()
    .join(' ')
