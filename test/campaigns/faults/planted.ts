/** Bugs that the campaign must catch, put into a copy of the sources. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTempFolder } from '../../helpers/temp.ts'

type Change = { file: string; from: string; to: string }

export type Bug = {
  changes: Change[]
  /** Those that show it, as a rule. */
  faults: string[]
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export const BUGS: Record<string, Bug> = {
  /** A deposed leader's entries go into the log. */
  'no-fence': {
    changes: [
      {
        file: 'server/log/jetstream/connection.ts',
        from: 'expectation.set(WRONG_LAST_SEQUENCE, String(position - 1))',
        to: '',
      },
      {
        file: 'server/log/jetstream/connection.ts',
        from: "if (seq === position) return { kind: 'stored' }",
        to: "if (seq !== undefined) return { kind: 'stored' }",
      },
    ],
    faults: ['freeze', 'standstill'],
  },
  /** Entries are applied, and answered, when they are on their way to the log. */
  'early-answer': {
    changes: [
      { file: 'server/replica/pipeline.ts', from: 'entry, durable: false, trace', to: 'entry, durable: true, trace' },
      {
        file: 'server/replica/pipeline.ts',
        from: 'this.#flying.push(proposal)',
        to: 'this.#flying.push(proposal)\n      this.#schedule()',
      },
    ],
    faults: ['kill-stuck', 'power-cut'],
  },
  /** A lease lasts until etcd says otherwise: reads are answered beyond it. */
  'no-lease': {
    changes: [
      {
        file: 'server/metadata/etcd/lease.ts',
        from: 'aborted ? 0 : this.#validUntil',
        to: 'aborted ? 0 : Number.POSITIVE_INFINITY',
      },
      { file: 'server/metadata/etcd/lease.ts', from: 'if (rest <= 0) this.#lost.abort()', to: 'if (rest <= 0) return' },
    ],
    faults: ['zone-cut', 'standstill'],
  },
}

/** @returns the program, and what removes it. Errors: the sources have no place for the bug any more. */
export async function plant({ changes }: Bug): Promise<{ main: string; remove(): Promise<void> }> {
  const folder = await makeTempFolder()
  const copy = join(folder.path, 'tavola')
  await mkdir(copy)
  for (const part of ['server', 'bin', 'package.json'])
    await cp(join(ROOT, part), join(copy, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  for (const { file, from, to } of changes) {
    const text = await readFile(join(copy, file), 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${file} does not have once: ${from}`)
    await writeFile(
      join(copy, file),
      text.replace(from, () => to),
    )
  }
  return { main: join(copy, 'bin', 'tavola.js'), remove: folder.remove }
}
