/** The house rules that a machine can hold: import directions, one home per SDK, small files. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const server = fileURLToPath(new URL('../../server', import.meta.url))
const operator = fileURLToPath(new URL('../../operator', import.meta.url))

/** A folder may import only itself and those before it; folders on one line may not import each other. */
const LAYERS = [
  ['base'],
  ['model'],
  ['codec'],
  ['expression'],
  ['partiql'],
  ['capacity'],
  ['auth'],
  ['etcd'],
  ['log'],
  ['metadata'],
  ['objects'],
  ['store'],
  ['partition'],
  ['replica'],
  ['cluster'],
  ['rpc'],
  ['telemetry'],
  ['streams', 'ttl', 'backup'],
  ['triggers'],
  ['api'],
  ['http'],
  ['node'],
  ['.'],
]

/** Folders that do no I/O, and ask neither the clock nor chance. */
const PURE = ['model', 'codec', 'expression', 'partiql', 'capacity', 'auth', 'partition']
const IMPURE_IMPORTS = /^node:(fs|net|http|https|child_process|worker_threads|timers|dns|os|sqlite)/
const IMPURE_CALLS =
  /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|randomUUID|randomBytes|setTimeout|setInterval|setImmediate|process\.)/

/** Packages that are known in one folder only. */
const HOMES: Record<string, string[]> = {
  koa: ['http'],
  '@nats-io/transport-node': ['log', 'streams'],
  '@nats-io/jetstream': ['log', 'streams'],
  etcd3: ['etcd', 'log', 'metadata'],
  cockatiel: ['etcd'],
  commander: ['.'],
  pino: ['.'],
  yaml: ['.'],
  'node:sqlite': ['store', 'metadata'],
  '@aws-sdk/client-s3': ['objects'],
  'ion-js': ['backup'],
  'prom-client': ['telemetry'],
  '@opentelemetry/api': ['telemetry'],
  '@opentelemetry/sdk-node': ['telemetry'],
}

/** Adapters are chosen by the composition root. */
const ADAPTERS = [
  join('log', 'local'),
  join('log', 'memory.ts'),
  join('log', 'etcd'),
  join('log', 'jetstream'),
  join('metadata', 'local'),
  join('metadata', 'etcd'),
  join('objects', 'folder.ts'),
  join('objects', 'memory.ts'),
  join('objects', 's3'),
  join('streams', 'publish', 'nats'),
]

const MAX_LINES = 300

type Source = { file: string; folder: string; text: string; imports: string[] }

const sources = sourcesIn(server)
const operatorSources = sourcesIn(operator)

function sourcesIn(home: string): Source[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter(({ parentPath }) => !relative(home, parentPath).split(sep).includes('node_modules'))
    .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
    .map(entry => {
      const path = join(entry.parentPath, entry.name)
      const file = relative(home, path)
      const text = readFileSync(path, 'utf8')
      const imports = [
        ...text.matchAll(/^(?:import|export)\b[^;'"]*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm),
      ].map(match => match[1] ?? match[2] ?? match[3]!)
      return { file, folder: folderOf(file), text, imports }
    })
}

function folderOf(file: string): string {
  return file.includes(sep) ? file.split(sep)[0]! : '.'
}

function rankOf(folder: string): number {
  return LAYERS.findIndex(layer => layer.includes(folder))
}

function targetOf(source: Source, specifier: string): string {
  return relative(server, join(server, dirname(source.file), specifier))
}

test('every folder has its place', t => {
  t.deepEqual(
    [...new Set(sources.map(source => source.folder))].filter(folder => rankOf(folder) < 0),
    [],
  )
})

test('a folder imports only those before it', t => {
  const wrong = sources.flatMap(source =>
    source.imports
      .filter(specifier => specifier.startsWith('.'))
      .map(specifier => targetOf(source, specifier))
      .filter(target => folderOf(target) !== source.folder && rankOf(folderOf(target)) >= rankOf(source.folder))
      .map(target => `${source.file} -> ${target}`),
  )
  t.deepEqual(wrong, [])
})

test('adapters are imported by the composition root alone', t => {
  const wrong = sources.flatMap(source =>
    source.imports
      .filter(specifier => specifier.startsWith('.'))
      .map(specifier => targetOf(source, specifier))
      .filter(target => ADAPTERS.some(adapter => target.startsWith(adapter) && !source.file.startsWith(adapter)))
      .filter(() => source.folder !== 'node')
      .map(target => `${source.file} -> ${target}`),
  )
  t.deepEqual(wrong, [])
})

test('a package has one home', t => {
  const wrong = sources.flatMap(source =>
    source.imports
      .filter(specifier => Object.hasOwn(HOMES, specifier) && !HOMES[specifier]!.includes(source.folder))
      .map(specifier => `${source.file} -> ${specifier}`),
  )
  t.deepEqual(wrong, [])
})

test('pure folders do no I/O and know neither time nor chance', t => {
  const wrong = sources
    .filter(source => PURE.includes(source.folder))
    .filter(
      source => source.imports.some(specifier => IMPURE_IMPORTS.test(specifier)) || IMPURE_CALLS.test(source.text),
    )
    .map(source => source.file)
  t.deepEqual(wrong, [])
})

test('the environment is read in one place', t => {
  const readers = sources.filter(source => /\bprocess\.(env|argv)\b/.test(source.text)).map(source => source.file)
  t.deepEqual(
    readers.filter(file => file !== 'config.ts'),
    [],
  )
})

/** As LAYERS, of the operator. It may import the server; the command alone imports it. */
const OPERATOR_LAYERS = ['queue', 'kube', 'resources', 'specs', 'dataplane', 'reconcilers', '.']
const OPERATOR_HOMES: Record<string, string> = { '@kubernetes/client-node': 'kube', croner: 'specs' }

test('a folder of the operator imports only those before it, and packages have homes there, too', t => {
  const wrong = operatorSources.flatMap(({ file, folder, imports }) =>
    imports
      .filter(specifier => {
        if (!specifier.startsWith('.')) return folder !== (OPERATOR_HOMES[specifier] ?? folder)
        const target = folderOf(relative(operator, join(operator, dirname(file), specifier)))
        if (target === '..' || target === folder) return false
        return OPERATOR_LAYERS.indexOf(target) >= OPERATOR_LAYERS.indexOf(folder)
      })
      .map(specifier => `${file} -> ${specifier}`),
  )
  t.deepEqual(wrong, [])
  t.deepEqual([...new Set(operatorSources.map(({ folder }) => folder))].sort(), [...OPERATOR_LAYERS].sort())
})

test('specs are pure', t => {
  const wrong = operatorSources
    .filter(({ folder }) => folder === 'specs' || folder === 'resources')
    .filter(({ imports, text }) => imports.some(name => IMPURE_IMPORTS.test(name)) || IMPURE_CALLS.test(text))
    .map(({ file }) => file)
  t.deepEqual(wrong, [])
})

test('only the command knows the operator', t => {
  const knowing = sources.filter(({ imports }) => imports.some(name => name.includes('/operator/')))
  t.deepEqual(
    knowing.map(({ file }) => file),
    ['command.ts'],
  )
})

test('files stay small', t => {
  const long = [...sources, ...operatorSources]
    .filter(source => source.text.split('\n').length > MAX_LINES)
    .map(source => source.file)
  t.deepEqual(long, [])
})
