/** What the image is made of is there, and is enough: looked at without making it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import test from 'ava'
import { CHECKOUT, contentsOf, copiesOf, readDockerfile, settingOf } from './dockerfile.ts'

const stages = readDockerfile()
const last = stages.at(-1)!
const read = (file: string) => readFileSync(join(CHECKOUT, file), 'utf8')
type Package = { dependencies: Record<string, string> }
const { dependencies } = JSON.parse(read('package.json')) as Package
const operator = (JSON.parse(read('operator/package.json')) as Package).dependencies

test('what is copied is in the checkout, goes to the builder, and is copied once', t => {
  const lines = read('.dockerignore').trim().split('\n')
  t.is(lines[0], '*', 'nothing goes there but')
  t.is(lines.at(-1), 'operator/node_modules', 'what is installed there is installed anew')
  const allowed = lines.slice(1, -1).map(line => line.slice(1))
  const sources = stages.flatMap(copiesOf).flatMap(({ from, sources }) => (from === undefined ? sources : []))
  for (const source of sources) {
    t.true(existsSync(join(CHECKOUT, source)), source)
    t.true(
      allowed.some(name => source === name || source.startsWith(`${name}/`)),
      source,
    )
  }
  t.deepEqual(
    allowed.filter(name => !sources.includes(name)),
    [],
  )
  const contents = contentsOf(stages)
  t.deepEqual([...new Set(contents)], contents)
  for (const { from } of stages.flatMap(copiesOf))
    t.true(from === undefined || stages.some(({ name }) => name === from))
})

test('it is not run by root, and nothing is installed in what is kept', t => {
  t.is(settingOf(last, 'USER'), 'node')
  t.deepEqual(JSON.parse(settingOf(last, 'ENTRYPOINT')!), ['node', 'bin/tavola.js'])
  const runs = last.steps.filter(({ keyword }) => keyword === 'RUN').map(({ text }) => text)
  t.false(runs.some(text => /npm|apt/.test(text)))
  t.deepEqual([...new Set(stages.map(({ base }) => base))], ['node:24-slim'])
})

test('the lock says the same dependencies: what is installed is what was tested', t => {
  const locked = (file: string) => (JSON.parse(read(file)) as { packages: Record<string, Package> }).packages['']!
  t.deepEqual(locked('package-lock.json').dependencies, dependencies)
  t.deepEqual(locked('operator/package-lock.json').dependencies, operator)
})

test('the command and all that it may load are in the image', t => {
  const folders = contentsOf(stages)
  const files = ['server', 'operator', 'bin'].flatMap(folder =>
    readdirSync(join(CHECKOUT, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => /\.(ts|js)$/.test(name) && !name.startsWith('node_modules'))
      .map(name => join(folder, name)),
  )
  t.true(files.length > 100)
  const outside = files.flatMap(file =>
    importsOf(read(file))
      .filter(({ specifier, isType }) => !isInside(file, specifier, isType, folders))
      .map(({ specifier }) => `${file}: ${specifier}`),
  )
  t.deepEqual(outside, [])
})

type Import = { specifier: string; isType: boolean }

function importsOf(text: string): Import[] {
  const said = text.matchAll(/^(import|export)( type)? [^;]*?from '([^']+)'/gms)
  const lazy = text.matchAll(/(?:\bimport\(|createRequire\(import\.meta\.url\)\()'([^']+)'\)/g)
  return [
    ...[...said].map(([, , type, specifier]) => ({ specifier: specifier!, isType: type !== undefined })),
    ...[...lazy].map(([, specifier]) => ({ specifier: specifier!, isType: false })),
  ]
}

function isInside(file: string, specifier: string, isType: boolean, folders: string[]): boolean {
  if (specifier.startsWith('.')) {
    const target = relative(CHECKOUT, join(CHECKOUT, dirname(file), specifier))
    // What the published package has in place of the sources.
    if (target.startsWith('lib/')) return true
    return existsSync(join(CHECKOUT, target)) && folders.some(folder => target.startsWith(`${folder}/`))
  }
  if (specifier.startsWith('node:')) return builtinModules.includes(specifier.slice(5)) || specifier === 'node:sqlite'
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  return isType || Object.hasOwn(dependencies, name) || (file.startsWith('operator/') && Object.hasOwn(operator, name))
}
