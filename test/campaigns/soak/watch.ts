/** What a running server takes: memory as the system and, where it has metrics, the server itself tell it; and disk. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** In MB of 2^20 bytes. */
export type Taken = { rssMb: number; heapMb?: number; logMb: number; dataMb: number }

const MB = 2 ** 20

export async function taken(pid: number, endpoint: string, dataDir: string): Promise<Taken> {
  const [rssMb, heapMb, logMb, allMb] = await Promise.all([
    resident(pid),
    heap(endpoint),
    bytesOf(join(dataDir, 'log')),
    bytesOf(dataDir),
  ])
  return { rssMb, heapMb, logMb, dataMb: allMb - logMb }
}

async function resident(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

/** From `/metrics`; undefined where it is not served. */
async function heap(endpoint: string): Promise<number | undefined> {
  const response = await fetch(`${endpoint}/metrics`)
  const text = await response.text()
  const bytes = response.ok ? /^\w*heap_size_used_bytes (\S+)/m.exec(text)?.[1] : undefined
  return bytes === undefined ? undefined : Number(bytes) / MB
}

/** What the folder takes on the disk. A file may go while it is looked at. */
async function bytesOf(folder: string): Promise<number> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(entry => entry.isFile())
  const sizes = files.map(({ parentPath, name }) =>
    stat(join(parentPath, name)).then(
      ({ blocks }) => (blocks * 512) / MB,
      () => 0,
    ),
  )
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
