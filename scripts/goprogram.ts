/** Programs that Go builds from their own modules: distributions carry versions that are too old, or none. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fetch, run } from './cache.ts'

/** A module of its own, for `go install` refuses programs whose modules replace others. `path`: the program's package. */
export function goProgram(name: string, version: string, path: string): Fetch {
  const fetch = async (home: string) => {
    const source = join(home, 'source')
    const options = { cwd: source, env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=mod' } }
    await mkdir(source)
    await writeFile(join(source, 'go.mod'), 'module tavola/fetch\n\ngo 1.25\n')
    await run('go', ['get', `${path}@v${version}`], options)
    await run('go', ['build', '-trimpath', '-o', join(home, name), path], options)
  }
  return { name, version, from: 'the Go module proxy, by go, which compiles for a minute', fetch }
}
